"""MXNet to ONNX Runtime: conversion, repairs, optimisation, and the proof that the answers are the same."""
