SELECT date_format(window.start, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_start,
  date_format(window.end, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_end,
  f_device_type AS `device_type`,
  m_events AS `events`,
  m_users AS `users`,
  parse_json(trim(TRAILING '.' FROM trim(TRAILING '0' FROM cast(cast(m_seconds AS decimal(20, 0)) / 1000 AS string)))) AS `seconds`,
  parse_json(trim(TRAILING '.' FROM trim(TRAILING '0' FROM cast(m_revenue AS string)))) AS `revenue`,
  date_format(window.start, 'yyyy-MM-dd') AS date
FROM (
  SELECT window,
    f_device_type,
    sum(m_events) AS m_events,
    cast(sum(m_revenue) AS decimal(38, 6)) AS m_revenue,
    min(first_ms) AS first_ms,
    max(last_ms) AS last_ms,
    count_if(part = 0) AS m_users,
    sum(CASE WHEN part = 1 THEN last_ms - first_ms END) AS m_seconds
  FROM (
    SELECT window,
      f_device_type,
      part,
      apart,
      sum(m_events) AS m_events,
      cast(sum(m_revenue) AS decimal(38, 6)) AS m_revenue,
      min(first_ms) AS first_ms,
      max(last_ms) AS last_ms
    FROM (
      SELECT pane,
        f_device_type,
        inline(array(named_struct('part', 0, 'apart', f_user_id, 'm_events', m_events, 'm_revenue', m_revenue, 'first_ms', first_ms, 'last_ms', last_ms),
          named_struct('part', 1, 'apart', f_session_id, 'm_events', NULL, 'm_revenue', NULL, 'first_ms', first_ms, 'last_ms', last_ms)))
      FROM (
        SELECT window AS pane,
          f_device_type,
          f_user_id,
          f_session_id,
          count(*) AS m_events,
          sum(f_price) AS m_revenue,
          min(time_ms) AS first_ms,
          max(time_ms) AS last_ms
        FROM events WATERMARK time DELAY OF INTERVAL '600.000' SECOND
        GROUP BY window(time, '600000 milliseconds'), f_device_type, f_user_id, f_session_id
      )
    )
    GROUP BY window(pane, '3600000 milliseconds', '600000 milliseconds'), f_device_type, part, apart
  )
  GROUP BY window, f_device_type
)
