"""Cut a category tree out of the files of a wiki's dump: tables, index and text, without the network."""
