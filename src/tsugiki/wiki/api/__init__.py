"""Ask a wiki's Action API politely: one request at a time, paced, patient, nothing twice."""
