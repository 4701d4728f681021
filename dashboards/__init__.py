"""The sight: queries, the web application and its pages. Empty until the live board arrives."""
