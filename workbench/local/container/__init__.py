"""Container behind the endpoint: the program `serve` or an image, the model's files and what an image has."""
