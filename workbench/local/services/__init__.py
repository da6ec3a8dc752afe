"""AWS services other than API Gateway, each a module that speaks the protocol of its service."""
