"""The board's HTTP: who may come in, what each path answers, the stream, the page's own files."""
