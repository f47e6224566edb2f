SELECT date_format(window.start, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_start,
  date_format(window.end, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_end,
  parse_json(trim(TRAILING '.' FROM trim(TRAILING '0' FROM cast(cast(m_longest AS decimal(20, 0)) / 1000 AS string)))) AS `longest`,
  date_format(window.start, 'yyyy-MM-dd') AS date
FROM (
  SELECT window,
    min(first_ms) AS first_ms,
    max(last_ms) AS last_ms,
    max(CASE WHEN part = 0 THEN last_ms - first_ms END) AS m_longest
  FROM (
    SELECT window,
      part,
      apart,
      min(first_ms) AS first_ms,
      max(last_ms) AS last_ms
    FROM (
      SELECT pane,
        inline(array(named_struct('part', 0, 'apart', f_session_id, 'first_ms', first_ms, 'last_ms', last_ms)))
      FROM (
        SELECT window AS pane,
          f_session_id,
          min(time_ms) AS first_ms,
          max(time_ms) AS last_ms
        FROM events WATERMARK time DELAY OF INTERVAL '600.000' SECOND
        GROUP BY window(time, '60000 milliseconds'), f_session_id
      )
    )
    GROUP BY window(pane, '300000 milliseconds', '60000 milliseconds'), part, apart
  )
  GROUP BY window
)
