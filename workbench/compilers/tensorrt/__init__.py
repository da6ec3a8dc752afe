"""TensorRT: engines for the GPU of this machine, kept in the model folder."""
