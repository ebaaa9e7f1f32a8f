"""diagnose: why something around a table does not work. One file a part; its codes (DGnnn) stand beside the causes."""
