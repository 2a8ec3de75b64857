"""Reports: a result as text or plain values; statistics come from the result."""
