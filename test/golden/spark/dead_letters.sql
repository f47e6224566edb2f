SELECT CASE WHEN truncated THEN NULL ELSE key END AS key,
  CASE WHEN truncated THEN NULL ELSE value END AS value,
  concat(filter(array(
    named_struct('key', 'clickstream.reason', 'value', cast(cast(reason AS string) AS binary)),
    named_struct('key', 'clickstream.topic', 'value', cast(cast('clicks' AS string) AS binary)),
    named_struct('key', 'clickstream.topic-id', 'value', cast(cast('Ng8L9w5vQ0' AS string) AS binary)),
    named_struct('key', 'clickstream.partition', 'value', cast(cast(partition AS string) AS binary)),
    named_struct('key', 'clickstream.offset', 'value', cast(cast(offset AS string) AS binary)),
    named_struct('key', 'clickstream.timestamp', 'value', cast(cast(record_ms AS string) AS binary)),
    named_struct('key', 'clickstream.attempt', 'value', cast(cast(CASE WHEN attempt RLIKE '\\A[1-9][0-9]{0,6}\\z' THEN least(cast(attempt AS int), 1000000) ELSE 1 END AS string) AS binary)),
    CASE WHEN origin RLIKE '\\A[\\w.-]{1,249}/\\d{1,10}/\\d{1,19}\\z' THEN named_struct('key', 'clickstream.replay-of', 'value', cast(cast(origin AS string) AS binary)) END,
    CASE WHEN truncated THEN named_struct('key', 'clickstream.truncated', 'value', cast(cast(coalesce(length(value), 0) AS string) AS binary)) END), h -> h IS NOT NULL),
    CASE WHEN truncated THEN filter(headers, h -> false) ELSE filter(headers, h -> NOT startswith(h.key, 'clickstream.')) END) AS headers,
  partition % 4 AS partition
FROM (
  SELECT *,
    cast(try_element_at(filter(headers, h -> h.key = 'clickstream.attempt'), -1).value AS string) AS attempt,
    cast(try_element_at(filter(headers, h -> h.key = 'clickstream.replay-of'), -1).value AS string) AS origin,
    coalesce(length(key), 0) + coalesce(length(value), 0) + aggregate(headers, 0, (sum, h) -> sum + length(h.key) * 3 + coalesce(length(h.value), 0) + 10) > 1000000 AS truncated
  FROM judged
  WHERE reason IS NOT NULL
)
