"""How fast it is: what is measured of the server, of the Lambda function and of the template's synthesis."""
