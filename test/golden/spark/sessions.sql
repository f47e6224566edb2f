SELECT date_format(window.start, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_start,
  date_format(window.end, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS window_end,
  f_session_id AS `session_id`,
  m_user_id AS `user_id`,
  m_device_type AS `device_type`,
  m_browser AS `browser`,
  date_format(timestamp_millis(first_ms), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS `first_seen`,
  date_format(timestamp_millis(last_ms), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS `last_seen`,
  parse_json(trim(TRAILING '.' FROM trim(TRAILING '0' FROM cast(cast(m_session_seconds AS decimal(20, 0)) / 1000 AS string)))) AS `session_seconds`,
  m_events AS `events`,
  m_clicks AS `clicks`,
  m_views AS `views`,
  m_scrolls AS `scrolls`,
  m_hovers AS `hovers`,
  m_pages AS `pages`,
  m_entry_page AS `entry_page`,
  m_exit_page AS `exit_page`,
  m_bounce AS `bounce`,
  date_format(window.start, 'yyyy-MM-dd') AS date
FROM (
  SELECT window,
    f_session_id,
    first_ms,
    last_ms,
    m_user_id,
    m_device_type,
    m_browser,
    m_session_seconds,
    m_events,
    m_clicks,
    m_views,
    m_scrolls,
    m_hovers,
    m_pages,
    m_entry_page,
    m_exit_page,
    m_bounce
  FROM (
    SELECT whole,
      f_session_id,
      first_ms,
      last_ms,
      first_event.f_user_id AS m_user_id,
      first_event.f_device_type AS m_device_type,
      first_event.f_browser AS m_browser,
      last_ms - first_ms AS m_session_seconds,
      m_events,
      m_clicks,
      m_views,
      m_scrolls,
      m_hovers,
      m_pages,
      first_event.f_url AS m_entry_page,
      last_event.f_url AS m_exit_page,
      m_bounce
    FROM (
      SELECT session_window AS whole,
        f_session_id,
        min(time_ms) AS first_ms,
        max(time_ms) AS last_ms,
        min_by(struct(f_user_id, f_device_type, f_browser, f_url), struct(time_ms, offset, partition)) AS first_event,
        max_by(struct(f_url), struct(time_ms, offset, partition)) AS last_event,
        count(*) AS m_events,
        count_if(f_action = 'click') AS m_clicks,
        count_if(f_action = 'view') AS m_views,
        count_if(f_action = 'scroll') AS m_scrolls,
        count_if(f_action = 'hover') AS m_hovers,
        size(collect_set(f_url)) AS m_pages,
        cast(size(collect_set(f_url)) = 1 AS int) AS m_bounce
      FROM (
        SELECT window AS instant,
          time_ms,
          offset,
          partition,
          f_session_id,
          f_user_id,
          f_device_type,
          f_browser,
          f_action,
          f_url
        FROM events WATERMARK time DELAY OF INTERVAL '600.000' SECOND
        GROUP BY window(time, '1 millisecond'), time_ms, offset, partition, f_session_id, f_user_id, f_device_type, f_browser, f_action, f_url
      )
      GROUP BY session_window(instant, '1800000 milliseconds'), f_session_id
    )
  )
  GROUP BY window(whole, '60000 milliseconds'), f_session_id, first_ms, last_ms, m_user_id, m_device_type, m_browser, m_session_seconds, m_events, m_clicks, m_views, m_scrolls, m_hovers, m_pages, m_entry_page, m_exit_page, m_bounce
)
