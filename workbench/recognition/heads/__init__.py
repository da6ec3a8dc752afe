"""Knowledge of one head each: ``guesses(graph, beside)`` returns the models that a graph may be, none for others."""
