"""Evaluation of extracted answers: exact match and F1 as the official scripts of SQuAD and CMRC 2018 count them."""
