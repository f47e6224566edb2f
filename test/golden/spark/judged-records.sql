SELECT time_ms,
  f_url,
  reason,
  CASE WHEN reason IS NOT NULL THEN partition END AS partition,
  CASE WHEN reason IS NOT NULL THEN offset END AS offset,
  CASE WHEN reason IS NOT NULL THEN record_ms END AS record_ms,
  CASE WHEN reason IS NOT NULL THEN key END AS key,
  CASE WHEN reason IS NOT NULL THEN value END AS value,
  CASE WHEN reason IS NOT NULL THEN headers END AS headers
FROM (
  SELECT partition,
    offset,
    record_ms,
    key,
    value,
    headers,
    time_ms,
    f_url,
    CASE WHEN reason IS NOT NULL THEN reason WHEN unix_millis(record_time) < 0 THEN 'no_record_time' WHEN time_ms > unix_millis(record_time) + 60000 THEN 'from_the_future' END AS reason
  FROM (
    SELECT record_time,
      partition,
      offset,
      record_ms,
      key,
      value,
      headers,
      inline(array(CASE WHEN plain IS NOT NULL THEN plain
        WHEN quick_ms IS NOT NULL THEN named_struct('reason', cast(NULL AS string), 'time_ms', quick_ms, 'f_url', CASE CASE WHEN e.`page` IS NULL THEN '/' ELSE e.`page` END WHEN 'home' THEN '/' ELSE CASE WHEN e.`page` IS NULL THEN '/' ELSE e.`page` END END)
        ELSE named_struct('reason', cast(reason AS string), 'time_ms', c_timestamp, 'f_url', c_url) END))
    FROM (
      SELECT *,
        CASE WHEN value IS NULL THEN 'not_json'
          WHEN length(value) > 1048576 THEN 'too_large'
          WHEN o IS NULL AND hash IS NOT NULL AND coalesce(try_variant_get(try_parse_json(concat('[', json, ',"', hash, '"]')), '$[1]', 'string') = hash AND try_variant_get(try_parse_json(concat('[', json, ',"', hash, '"]')), '$[2]', 'variant') IS NULL AND NOT CASE WHEN octet_length(json) < 998 THEN false WHEN try_parse_json(concat('[[[', json, ']]]')) IS NULL OR regexp_replace(regexp_replace(json, '\\\\(?:u....|.)', 'x'), '"[^"]*+"', '') RLIKE '[-+.eE0-9]{1000}' THEN true ELSE octet_length(json) >= 50000 AND regexp_replace(regexp_replace(regexp_replace(json, '\\\\(?:u....|.)', 'x'), '[\\x{10000}-\\x{10ffff}]', 'xx'), '"([^"]*+)"', '<$1') RLIKE '<[^\\x01]{50000,}+\\x01\\s*+:' END, false) THEN 'not_an_object'
          WHEN o IS NULL THEN 'not_json'
          WHEN json <> s AND contains(concat_ws('', t_event_id, t_user_id, t_session_id, t_url, t_action, t_timestamp, t_device_type), hash) THEN 'not_json'
          WHEN k_event_id = 'MISSING' THEN 'missing_field:event_id'
          WHEN NOT (k_event_id = 'STRING') THEN 'wrong_type:event_id'
          WHEN t_event_id = '' THEN 'empty_field:event_id'
          WHEN k_user_id = 'MISSING' THEN 'missing_field:user_id'
          WHEN NOT (k_user_id = 'STRING') THEN 'wrong_type:user_id'
          WHEN t_user_id = '' THEN 'empty_field:user_id'
          WHEN k_session_id = 'MISSING' THEN 'missing_field:session_id'
          WHEN NOT (k_session_id = 'STRING') THEN 'wrong_type:session_id'
          WHEN t_session_id = '' THEN 'empty_field:session_id'
          WHEN NOT (k_url IN ('MISSING', 'VOID') OR k_url = 'STRING') THEN 'wrong_type:url'
          WHEN t_url = '' THEN 'empty_field:url'
          WHEN k_action = 'MISSING' THEN 'missing_field:action'
          WHEN NOT (k_action = 'STRING') THEN 'wrong_type:action'
          WHEN t_action = '' THEN 'empty_field:action'
          WHEN k_timestamp = 'MISSING' THEN 'missing_field:timestamp'
          WHEN NOT (k_timestamp = 'STRING' OR k_timestamp RLIKE '^(?:BIGINT|DECIMAL|DOUBLE)') THEN 'wrong_type:timestamp'
          WHEN t_timestamp = '' THEN 'empty_field:timestamp'
          WHEN k_device_type = 'MISSING' THEN 'missing_field:device_type'
          WHEN NOT (k_device_type = 'STRING') THEN 'wrong_type:device_type'
          WHEN t_device_type = '' THEN 'empty_field:device_type'
          WHEN c_timestamp IS NULL THEN 'bad_timestamp'
          WHEN t_action NOT IN ('click', 'view', 'scroll', 'hover') THEN 'unknown_action'
          WHEN t_device_type NOT IN ('mobile', 'desktop', 'tablet') THEN 'unknown_device_type' END AS reason
      FROM (
        SELECT *,
          t_event_id AS c_event_id,
          t_user_id AS c_user_id,
          t_session_id AS c_session_id,
          t_url AS c_url,
          t_action AS c_action,
          CASE WHEN k_timestamp = 'STRING' THEN CASE WHEN t_timestamp RLIKE '\\A\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:[Zz]|[+-]\\d{2}:\\d{2})\\z' THEN nullif(greatest(-1L, CASE WHEN unix_millis(try_cast(upper(t_timestamp) AS timestamp)) <= 253402300799999L THEN unix_millis(try_cast(upper(t_timestamp) AS timestamp)) END), -1L) END WHEN k_timestamp RLIKE '^(?:BIGINT|DECIMAL|DOUBLE)' THEN CASE WHEN CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END RLIKE '\\A\\d{1,15}\\z' THEN nullif(greatest(-1L, CASE WHEN cast(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END AS bigint) <= 253402300799999L THEN cast(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END AS bigint) END), -1L) WHEN CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END RLIKE '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z' AND (trim(TRAILING '0' FROM concat(regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 1), regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2))) = '' OR coalesce(try_cast(regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 3) AS double), 0) - length(regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2)) + length(concat(regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 1), regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2))) - length(trim(TRAILING '0' FROM concat(regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 1), regexp_extract(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2)))) >= 0) THEN nullif(greatest(-1L, CASE WHEN try_cast(try_cast(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END AS double) AS bigint) <= 253402300799999L THEN try_cast(try_cast(CASE WHEN k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(array_join(transform(split(replace(replace(json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"'), (piece, i) -> CASE WHEN i % 2 = 0 THEN regexp_replace(piece, '-?[0-9][-+.eE0-9]*', '"#$0"') ELSE piece END), '"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(v_timestamp, '$', 'string') END AS double) AS bigint) END), -1L) END END AS c_timestamp,
          t_device_type AS c_device_type
        FROM (
          SELECT *,
            CASE WHEN k_event_id = 'STRING' THEN variant_get(v_event_id, '$', 'string') END AS t_event_id,
            CASE WHEN k_user_id = 'STRING' THEN variant_get(v_user_id, '$', 'string') END AS t_user_id,
            CASE WHEN k_session_id = 'STRING' THEN variant_get(v_session_id, '$', 'string') END AS t_session_id,
            CASE CASE WHEN k_url IN ('MISSING', 'VOID') THEN '/' WHEN k_url = 'STRING' THEN variant_get(v_url, '$', 'string') END WHEN 'home' THEN '/' ELSE CASE WHEN k_url IN ('MISSING', 'VOID') THEN '/' WHEN k_url = 'STRING' THEN variant_get(v_url, '$', 'string') END END AS t_url,
            CASE WHEN k_action = 'STRING' THEN variant_get(v_action, '$', 'string') END AS t_action,
            CASE WHEN k_timestamp = 'STRING' THEN variant_get(v_timestamp, '$', 'string') END AS t_timestamp,
            CASE WHEN k_device_type = 'STRING' THEN variant_get(v_device_type, '$', 'string') END AS t_device_type
          FROM (
            SELECT *,
              CASE WHEN o IS NULL THEN NULL WHEN v_event_id IS NULL THEN 'MISSING' ELSE schema_of_variant(v_event_id) END AS k_event_id,
              CASE WHEN o IS NULL THEN NULL WHEN v_user_id IS NULL THEN 'MISSING' ELSE schema_of_variant(v_user_id) END AS k_user_id,
              CASE WHEN o IS NULL THEN NULL WHEN v_session_id IS NULL THEN 'MISSING' ELSE schema_of_variant(v_session_id) END AS k_session_id,
              CASE WHEN o IS NULL THEN NULL WHEN v_url IS NULL THEN 'MISSING' ELSE schema_of_variant(v_url) END AS k_url,
              CASE WHEN o IS NULL THEN NULL WHEN v_action IS NULL THEN 'MISSING' ELSE schema_of_variant(v_action) END AS k_action,
              CASE WHEN o IS NULL THEN NULL WHEN v_timestamp IS NULL THEN 'MISSING' ELSE schema_of_variant(v_timestamp) END AS k_timestamp,
              CASE WHEN o IS NULL THEN NULL WHEN v_device_type IS NULL THEN 'MISSING' ELSE schema_of_variant(v_device_type) END AS k_device_type
            FROM (
              SELECT *,
                o.`event_id` AS v_event_id,
                o.`user_id` AS v_user_id,
                o.`session_id` AS v_session_id,
                o.`page` AS v_url,
                o.`action` AS v_action,
                o.`timestamp` AS v_timestamp,
                o.`device_type` AS v_device_type
              FROM (
                SELECT *,
                  CASE WHEN size(whole) = 2 AND whole[1]._end = hash AND NOT CASE WHEN octet_length(json) < 998 THEN false WHEN try_parse_json(concat('[[[', json, ']]]')) IS NULL OR regexp_replace(regexp_replace(json, '\\\\(?:u....|.)', 'x'), '"[^"]*+"', '') RLIKE '[-+.eE0-9]{1000}' THEN true ELSE octet_length(json) >= 50000 AND regexp_replace(regexp_replace(regexp_replace(json, '\\\\(?:u....|.)', 'x'), '[\\x{10000}-\\x{10ffff}]', 'xx'), '"([^"]*+)"', '<$1') RLIKE '<[^\\x01]{50000,}+\\x01\\s*+:' END THEN whole[0] END AS o
                FROM (
                  SELECT *,
                    CASE WHEN hash IS NOT NULL THEN from_json(concat('[', json, ',{"_end":"', hash, '"}]'), 'array<struct<`event_id`: variant, `user_id`: variant, `session_id`: variant, `page`: variant, `action`: variant, `timestamp`: variant, `device_type`: variant, _end: string>>', map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')) END AS whole
                  FROM (
                    SELECT *,
                      CASE WHEN hash IS NOT NULL THEN CASE WHEN s RLIKE '\\\\u[dD][89a-fA-F]' THEN regexp_replace(replace(s, '\\\\', '\\u005c'), '\\\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\\\u[dD][89abAB][0-9a-fA-F]{2})\\\\u[dD][c-fC-F][0-9a-fA-F]{2}', hash) ELSE s END END AS json
                    FROM (
                      SELECT *,
                        CASE WHEN plain IS NULL AND quick_ms IS NULL AND value IS NOT NULL AND length(value) <= 1048576 AND is_valid_utf8(s) THEN md5(value) END AS hash
                      FROM (
                        SELECT *,
                          CASE WHEN e IS NOT NULL
                            AND e.`event_id` <> ''
                            AND (NOT e.`event_id` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"event_id"', s, instr(s, '"event_id"') + 1) = 0 AND (contains(s, concat('"event_id"', ':', '"', e.`event_id`, '"', ',')) OR contains(s, concat('"event_id"', ':', '"', e.`event_id`, '"', '}')) OR contains(s, concat('"event_id"', ': ', '"', e.`event_id`, '"', ',')) OR contains(s, concat('"event_id"', ': ', '"', e.`event_id`, '"', '}')))))
                            AND e.`user_id` <> ''
                            AND (NOT e.`user_id` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"user_id"', s, instr(s, '"user_id"') + 1) = 0 AND (contains(s, concat('"user_id"', ':', '"', e.`user_id`, '"', ',')) OR contains(s, concat('"user_id"', ':', '"', e.`user_id`, '"', '}')) OR contains(s, concat('"user_id"', ': ', '"', e.`user_id`, '"', ',')) OR contains(s, concat('"user_id"', ': ', '"', e.`user_id`, '"', '}')))))
                            AND e.`session_id` <> ''
                            AND (NOT e.`session_id` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"session_id"', s, instr(s, '"session_id"') + 1) = 0 AND (contains(s, concat('"session_id"', ':', '"', e.`session_id`, '"', ',')) OR contains(s, concat('"session_id"', ':', '"', e.`session_id`, '"', '}')) OR contains(s, concat('"session_id"', ': ', '"', e.`session_id`, '"', ',')) OR contains(s, concat('"session_id"', ': ', '"', e.`session_id`, '"', '}')))))
                            AND CASE CASE WHEN e.`page` IS NULL THEN '/' ELSE e.`page` END WHEN 'home' THEN '/' ELSE CASE WHEN e.`page` IS NULL THEN '/' ELSE e.`page` END END <> ''
                            AND (e.`page` IS NULL OR (NOT e.`page` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"page"', s, instr(s, '"page"') + 1) = 0 AND (contains(s, concat('"page"', ':', '"', e.`page`, '"', ',')) OR contains(s, concat('"page"', ':', '"', e.`page`, '"', '}')) OR contains(s, concat('"page"', ': ', '"', e.`page`, '"', ',')) OR contains(s, concat('"page"', ': ', '"', e.`page`, '"', '}'))))))
                            AND e.`action` IN ('click', 'view', 'scroll', 'hover')
                            AND e.`device_type` IN ('mobile', 'desktop', 'tablet')
                          THEN CASE WHEN e.`timestamp` RLIKE '\\A[1-9]\\d{11,12}\\z' THEN CASE WHEN (locate('"timestamp"', s, instr(s, '"timestamp"') + 1) = 0 AND (contains(s, concat('"timestamp"', ':', e.`timestamp`, ',')) OR contains(s, concat('"timestamp"', ':', e.`timestamp`, '}')) OR contains(s, concat('"timestamp"', ': ', e.`timestamp`, ',')) OR contains(s, concat('"timestamp"', ': ', e.`timestamp`, '}')))) THEN cast(e.`timestamp` AS bigint) END ELSE CASE WHEN e.`timestamp` RLIKE '\\A\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:[Zz]|[+-]\\d{2}:\\d{2})\\z' THEN nullif(greatest(-1L, CASE WHEN unix_millis(try_cast(upper(e.`timestamp`) AS timestamp)) <= 253402300799999L THEN unix_millis(try_cast(upper(e.`timestamp`) AS timestamp)) END), -1L) END END END AS quick_ms
                        FROM (
                          SELECT *,
                            CASE WHEN length(value) <= 990 AND is_valid_utf8(s) AND startswith(s, '{') AND endswith(s, '}') AND NOT contains(inside, '{') AND NOT contains(inside, '}') AND NOT contains(inside, '\\')
                            THEN from_json(s, 'struct<`event_id`: string, `user_id`: string, `session_id`: string, `page`: string, `action`: string, `timestamp`: string, `device_type`: string>', map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')) END AS e
                          FROM (
                            SELECT *,
                              CASE WHEN plain IS NULL THEN cast(substring(value, 2, length(value) - 2) AS string) END AS inside
                            FROM (
                              SELECT timestamp AS record_time,
                                partition AS partition,
                                offset AS offset,
                                unix_millis(timestamp) AS record_ms,
                                CASE WHEN plain_ms IS NOT NULL THEN named_struct('reason', cast(NULL AS string), 'time_ms', plain_ms, 'f_url', CASE p[15] WHEN 'home' THEN '/' ELSE p[15] END) END AS plain,
                                CASE WHEN plain_ms IS NULL THEN value END AS value,
                                CASE WHEN plain_ms IS NULL THEN s END AS s,
                                CASE WHEN plain_ms IS NULL THEN key END AS key,
                                CASE WHEN plain_ms IS NULL THEN coalesce(headers, array()) END AS headers
                              FROM (
                                SELECT *,
                                  CASE WHEN unix_millis(plain_time) BETWEEN 0 AND 253402300799999 AND unix_millis(timestamp) >= 0 AND unix_millis(plain_time) <= unix_millis(timestamp) + 60000 THEN unix_millis(plain_time) END AS plain_ms
                                FROM (
                                  SELECT *,
                                    CASE WHEN p IS NOT NULL AND CASE p[15] WHEN 'home' THEN '/' ELSE p[15] END <> '' AND p[19] IN ('click', 'view', 'scroll', 'hover') AND p[27] IN ('mobile', 'desktop', 'tablet') THEN try_cast(p[23] AS timestamp) END AS plain_time
                                  FROM (
                                    SELECT *,
                                      CASE WHEN octet_length(s) <= 990 AND s RLIKE '\\A\\{"event_id": ?"[^"\\\\\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x{fffd}]+", ?"user_id": ?"[^"\\\\\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x{fffd}]+", ?"session_id": ?"[^"\\\\\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x{fffd}]+", ?"page": ?"[^"\\\\\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x{fffd}]+", ?"action": ?"[^"\\\\\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x{fffd}]+", ?"timestamp": ?"\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:Z|[+-]\\d{2}:\\d{2})", ?"device_type": ?"[^"\\\\\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x{fffd}]+"\\}\\z' THEN split(s, '"') END AS p
                                    FROM (
                                      SELECT *,
                                        cast(value AS string) AS s
                                      FROM records
                                    )
                                  )
                                )
                              )
                            )
                          )
                        )
                      )
                    )
                  )
                )
              )
            )
          )
        )
      )
    )
  )
)
