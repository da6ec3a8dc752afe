"""API Gateway: the rendered stage in front of the function, which is called with the events of a proxy integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""
