SELECT date_format(window.start, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_start,
  date_format(window.end, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_end,
  f_url AS `url`,
  m_events AS `events`,
  m_likes AS `likes`,
  date_format(timestamp_millis(last_ms), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS `last`,
  date_format(window.start, 'yyyy-MM-dd') AS date
FROM (
  SELECT window,
    f_url,
    sum(m_events) AS m_events,
    sum(m_likes) AS m_likes,
    min(first_ms) AS first_ms,
    max(last_ms) AS last_ms
  FROM (
    SELECT window AS pane,
      f_url,
      count(*) AS m_events,
      count_if(f_action = 'it\'s') AS m_likes,
      min(time_ms) AS first_ms,
      max(time_ms) AS last_ms
    FROM events WATERMARK time DELAY OF INTERVAL '600.000' SECOND
    GROUP BY window(time, '60000 milliseconds'), f_url
  )
  GROUP BY window(pane, '300000 milliseconds', '60000 milliseconds'), f_url
)
