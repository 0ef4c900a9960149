"""Images on disk: which files, folders and arrays hold photographs, and which show the same one."""
