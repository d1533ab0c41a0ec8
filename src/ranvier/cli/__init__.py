"""The command line: one file per noun; it talks REST to a node, as any client would."""
