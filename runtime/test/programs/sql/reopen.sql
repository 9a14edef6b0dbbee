VACUUM;
.open out/ballots.db
