"""The pure vocabulary that every domain shares; the only room of ours that a domain imports."""
