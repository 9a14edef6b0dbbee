PRAGMA page_size=4096;
CREATE TABLE ballots(id INTEGER PRIMARY KEY, station TEXT, choice INTEGER, weight REAL, note BLOB);
CREATE INDEX by_station ON ballots(station, choice);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 60000)
INSERT INTO ballots SELECT i, printf('station-%05d', (i*7919)%5000), i%7, (i%1000)/8.0, printf('%.*c', 100 + i%50, char(97+i%26)) FROM n;
COMMIT;
CREATE VIRTUAL TABLE words USING fts5(body);
INSERT INTO words SELECT note || ' ' || station FROM ballots WHERE id%100=0;
UPDATE ballots SET choice=choice+1 WHERE id%3=0;
DELETE FROM ballots WHERE id%11=0;
SELECT count(*), sum(choice), round(avg(weight),6) FROM ballots;
