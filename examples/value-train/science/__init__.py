"""The real work of the example: data, models, measurements and notebooks; knows nothing of the train."""
