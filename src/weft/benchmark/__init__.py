"""Suites of models on one data set each, run row by row and told as a table."""
