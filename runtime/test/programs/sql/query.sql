PRAGMA integrity_check;
SELECT choice, count(*), sum(weight) FROM ballots GROUP BY choice ORDER BY choice;
SELECT station, max(length(note)) FROM ballots WHERE station LIKE 'station-00%' GROUP BY 1 ORDER BY 1 LIMIT 12;
SELECT count(*) FROM words WHERE words MATCH 'station';
SELECT json_group_array(id) FROM (SELECT id FROM ballots ORDER BY weight DESC, id LIMIT 10);
SELECT page_count*page_size > 10000000 FROM pragma_page_count(), pragma_page_size();
SELECT hex(md) FROM (SELECT substr(note,1,4) AS md FROM ballots ORDER BY id LIMIT 3);
