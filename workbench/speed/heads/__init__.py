"""Speed of the heads of other exporters: each head alone, and a model of each beside the plain work of that one."""
