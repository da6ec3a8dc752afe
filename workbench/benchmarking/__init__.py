"""What ``benchmark`` measures: each variant in processes of its own, through the serving program's own code."""
