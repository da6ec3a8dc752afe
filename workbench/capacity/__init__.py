"""What a fleet of cameras asks of the service, what that costs, and which limit it meets first."""
