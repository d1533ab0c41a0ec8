"""AJP/1.3: the protocol by which Apache and IIS hand requests to a node behind them."""
