"""What is wrong with a data set: records and pixels in, findings out."""
