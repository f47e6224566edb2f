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
      inline(array(verdict))
    FROM (
      SELECT record_time,
        partition,
        offset,
        record_ms,
        CASE WHEN plain IS NOT NULL THEN plain
          WHEN open_event.quick_ms IS NOT NULL THEN named_struct('reason', cast(NULL AS string), 'time_ms', open_event.quick_ms, 'f_url', CASE CASE WHEN open_event.e.`page` IS NULL THEN '/' ELSE open_event.e.`page` END WHEN 'home' THEN '/' ELSE CASE WHEN open_event.e.`page` IS NULL THEN '/' ELSE open_event.e.`page` END END)
          ELSE named_struct('reason', cast(open_event.reason AS string), 'time_ms', open_event.c_timestamp, 'f_url', open_event.c_url) END AS verdict,
        open_event.key AS key,
        open_event.value AS value,
        open_event.headers AS headers
      FROM (
        SELECT record_time,
          partition,
          offset,
          record_ms,
          plain,
          CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN open_event.value IS NULL THEN 'not_json'
            WHEN length(open_event.value) > 1048576 THEN 'too_large'
            WHEN open_event.o IS NULL AND open_event.hash IS NOT NULL AND coalesce(try_variant_get(try_parse_json(concat('[', open_event.json, ',"', open_event.hash, '"]')), '$[1]', 'string') = open_event.hash AND try_variant_get(try_parse_json(concat('[', open_event.json, ',"', open_event.hash, '"]')), '$[2]', 'variant') IS NULL AND NOT CASE WHEN octet_length(open_event.json) < 998 THEN false WHEN try_parse_json(concat('[[[', open_event.json, ']]]')) IS NULL OR regexp_replace(regexp_replace(open_event.json, '\\\\(?:u....|.)', 'x'), '"[^"]*+"', '') RLIKE '[-+.eE0-9]{1000}' THEN true ELSE octet_length(open_event.json) >= 50000 AND regexp_replace(regexp_replace(regexp_replace(open_event.json, '\\\\(?:u....|.)', 'x'), '[\\x{10000}-\\x{10ffff}]', 'xx'), '"([^"]*+)"', '<$1') RLIKE '<[^\\x01]{50000,}+\\x01\\s*+:' END, false) THEN 'not_an_object'
            WHEN open_event.o IS NULL THEN 'not_json'
            WHEN open_event.json <> open_event.s AND contains(concat_ws('', open_event.t_event_id, open_event.t_user_id, open_event.t_session_id, open_event.t_url, open_event.t_action, open_event.t_timestamp, open_event.t_device_type), open_event.hash) THEN 'not_json'
            WHEN open_event.k_event_id = 'MISSING' THEN 'missing_field:event_id'
            WHEN NOT (open_event.k_event_id = 'STRING') THEN 'wrong_type:event_id'
            WHEN open_event.t_event_id = '' THEN 'empty_field:event_id'
            WHEN open_event.k_user_id = 'MISSING' THEN 'missing_field:user_id'
            WHEN NOT (open_event.k_user_id = 'STRING') THEN 'wrong_type:user_id'
            WHEN open_event.t_user_id = '' THEN 'empty_field:user_id'
            WHEN open_event.k_session_id = 'MISSING' THEN 'missing_field:session_id'
            WHEN NOT (open_event.k_session_id = 'STRING') THEN 'wrong_type:session_id'
            WHEN open_event.t_session_id = '' THEN 'empty_field:session_id'
            WHEN NOT (open_event.k_url IN ('MISSING', 'VOID') OR open_event.k_url = 'STRING') THEN 'wrong_type:url'
            WHEN open_event.t_url = '' THEN 'empty_field:url'
            WHEN open_event.k_action = 'MISSING' THEN 'missing_field:action'
            WHEN NOT (open_event.k_action = 'STRING') THEN 'wrong_type:action'
            WHEN open_event.t_action = '' THEN 'empty_field:action'
            WHEN open_event.k_timestamp = 'MISSING' THEN 'missing_field:timestamp'
            WHEN NOT (open_event.k_timestamp = 'STRING' OR open_event.k_timestamp RLIKE '^(?:BIGINT|DECIMAL|DOUBLE)') THEN 'wrong_type:timestamp'
            WHEN open_event.t_timestamp = '' THEN 'empty_field:timestamp'
            WHEN open_event.k_device_type = 'MISSING' THEN 'missing_field:device_type'
            WHEN NOT (open_event.k_device_type = 'STRING') THEN 'wrong_type:device_type'
            WHEN open_event.t_device_type = '' THEN 'empty_field:device_type'
            WHEN open_event.c_timestamp IS NULL THEN 'bad_timestamp'
            WHEN open_event.t_action NOT IN ('click', 'view', 'scroll', 'hover') THEN 'unknown_action'
            WHEN open_event.t_device_type NOT IN ('mobile', 'desktop', 'tablet') THEN 'unknown_device_type' END AS reason) END AS open_event
        FROM (
          SELECT record_time,
            partition,
            offset,
            record_ms,
            plain,
            CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, open_event.t_event_id AS c_event_id,
              open_event.t_user_id AS c_user_id,
              open_event.t_session_id AS c_session_id,
              open_event.t_url AS c_url,
              open_event.t_action AS c_action,
              CASE WHEN open_event.k_timestamp = 'STRING' THEN CASE WHEN open_event.t_timestamp RLIKE '\\A\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:[Zz]|[+-]\\d{2}:\\d{2})\\z' THEN nullif(greatest(-1L, CASE WHEN unix_millis(try_cast(upper(open_event.t_timestamp) AS timestamp)) <= 253402300799999L THEN unix_millis(try_cast(upper(open_event.t_timestamp) AS timestamp)) END), -1L) END WHEN open_event.k_timestamp RLIKE '^(?:BIGINT|DECIMAL|DOUBLE)' THEN CASE WHEN CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END RLIKE '\\A\\d{1,15}\\z' THEN nullif(greatest(-1L, CASE WHEN cast(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END AS bigint) <= 253402300799999L THEN cast(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END AS bigint) END), -1L) WHEN CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END RLIKE '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z' AND (trim(TRAILING '0' FROM concat(regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 1), regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2))) = '' OR coalesce(try_cast(regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 3) AS double), 0) - length(regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2)) + length(concat(regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 1), regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2))) - length(trim(TRAILING '0' FROM concat(regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 1), regexp_extract(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END, '\\A-?(\\d+)(?:\\.(\\d+))?(?:[eE]([+-]?\\d+))?\\z', 2)))) >= 0) THEN nullif(greatest(-1L, CASE WHEN try_cast(try_cast(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END AS double) AS bigint) <= 253402300799999L THEN try_cast(try_cast(CASE WHEN open_event.k_timestamp = 'DOUBLE' THEN substring(try_variant_get(try_parse_json(regexp_replace(replace(replace(open_event.json, '\\\\', '\\u005c'), '\\"', '\\u0022'), '\\G([^"0-9-]*+(?:"[^"]*+"[^"0-9-]*+)*+)(-?[0-9][-+.eE0-9]*+)', '$1"#$2"')), '$[\'timestamp\']', 'string'), 2) ELSE variant_get(open_event.v_timestamp, '$', 'string') END AS double) AS bigint) END), -1L) END END AS c_timestamp,
              open_event.t_device_type AS c_device_type) END AS open_event
          FROM (
            SELECT record_time,
              partition,
              offset,
              record_ms,
              plain,
              CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN open_event.k_event_id = 'STRING' THEN variant_get(open_event.v_event_id, '$', 'string') END AS t_event_id,
                CASE WHEN open_event.k_user_id = 'STRING' THEN variant_get(open_event.v_user_id, '$', 'string') END AS t_user_id,
                CASE WHEN open_event.k_session_id = 'STRING' THEN variant_get(open_event.v_session_id, '$', 'string') END AS t_session_id,
                CASE CASE WHEN open_event.k_url IN ('MISSING', 'VOID') THEN '/' WHEN open_event.k_url = 'STRING' THEN variant_get(open_event.v_url, '$', 'string') END WHEN 'home' THEN '/' ELSE CASE WHEN open_event.k_url IN ('MISSING', 'VOID') THEN '/' WHEN open_event.k_url = 'STRING' THEN variant_get(open_event.v_url, '$', 'string') END END AS t_url,
                CASE WHEN open_event.k_action = 'STRING' THEN variant_get(open_event.v_action, '$', 'string') END AS t_action,
                CASE WHEN open_event.k_timestamp = 'STRING' THEN variant_get(open_event.v_timestamp, '$', 'string') END AS t_timestamp,
                CASE WHEN open_event.k_device_type = 'STRING' THEN variant_get(open_event.v_device_type, '$', 'string') END AS t_device_type) END AS open_event
            FROM (
              SELECT record_time,
                partition,
                offset,
                record_ms,
                plain,
                CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN open_event.o IS NULL THEN NULL WHEN open_event.v_event_id IS NULL THEN 'MISSING' ELSE schema_of_variant(open_event.v_event_id) END AS k_event_id,
                  CASE WHEN open_event.o IS NULL THEN NULL WHEN open_event.v_user_id IS NULL THEN 'MISSING' ELSE schema_of_variant(open_event.v_user_id) END AS k_user_id,
                  CASE WHEN open_event.o IS NULL THEN NULL WHEN open_event.v_session_id IS NULL THEN 'MISSING' ELSE schema_of_variant(open_event.v_session_id) END AS k_session_id,
                  CASE WHEN open_event.o IS NULL THEN NULL WHEN open_event.v_url IS NULL THEN 'MISSING' ELSE schema_of_variant(open_event.v_url) END AS k_url,
                  CASE WHEN open_event.o IS NULL THEN NULL WHEN open_event.v_action IS NULL THEN 'MISSING' ELSE schema_of_variant(open_event.v_action) END AS k_action,
                  CASE WHEN open_event.o IS NULL THEN NULL WHEN open_event.v_timestamp IS NULL THEN 'MISSING' ELSE schema_of_variant(open_event.v_timestamp) END AS k_timestamp,
                  CASE WHEN open_event.o IS NULL THEN NULL WHEN open_event.v_device_type IS NULL THEN 'MISSING' ELSE schema_of_variant(open_event.v_device_type) END AS k_device_type) END AS open_event
              FROM (
                SELECT record_time,
                  partition,
                  offset,
                  record_ms,
                  plain,
                  CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, open_event.o.`event_id` AS v_event_id,
                    open_event.o.`user_id` AS v_user_id,
                    open_event.o.`session_id` AS v_session_id,
                    open_event.o.`page` AS v_url,
                    open_event.o.`action` AS v_action,
                    open_event.o.`timestamp` AS v_timestamp,
                    open_event.o.`device_type` AS v_device_type) END AS open_event
                FROM (
                  SELECT record_time,
                    partition,
                    offset,
                    record_ms,
                    plain,
                    CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN size(open_event.whole) = 2 AND open_event.whole[1]._end = open_event.hash AND NOT CASE WHEN octet_length(open_event.json) < 998 THEN false WHEN try_parse_json(concat('[[[', open_event.json, ']]]')) IS NULL OR regexp_replace(regexp_replace(open_event.json, '\\\\(?:u....|.)', 'x'), '"[^"]*+"', '') RLIKE '[-+.eE0-9]{1000}' THEN true ELSE octet_length(open_event.json) >= 50000 AND regexp_replace(regexp_replace(regexp_replace(open_event.json, '\\\\(?:u....|.)', 'x'), '[\\x{10000}-\\x{10ffff}]', 'xx'), '"([^"]*+)"', '<$1') RLIKE '<[^\\x01]{50000,}+\\x01\\s*+:' END THEN open_event.whole[0] END AS o) END AS open_event
                  FROM (
                    SELECT record_time,
                      partition,
                      offset,
                      record_ms,
                      plain,
                      CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN open_event.hash IS NOT NULL THEN from_json(concat('[', open_event.json, ',{"_end":"', open_event.hash, '"}]'), 'array<struct<`event_id`: variant, `user_id`: variant, `session_id`: variant, `page`: variant, `action`: variant, `timestamp`: variant, `device_type`: variant, _end: string>>', map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')) END AS whole) END AS open_event
                    FROM (
                      SELECT record_time,
                        partition,
                        offset,
                        record_ms,
                        plain,
                        CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN open_event.hash IS NOT NULL THEN CASE WHEN open_event.s RLIKE '\\\\u[dD][89a-fA-F]' THEN regexp_replace(replace(open_event.s, '\\\\', '\\u005c'), '\\\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\\\u[dD][89abAB][0-9a-fA-F]{2})\\\\u[dD][c-fC-F][0-9a-fA-F]{2}', open_event.hash) ELSE open_event.s END END AS json) END AS open_event
                      FROM (
                        SELECT record_time,
                          partition,
                          offset,
                          record_ms,
                          plain,
                          CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN open_event.quick_ms IS NULL AND open_event.value IS NOT NULL AND length(open_event.value) <= 1048576 AND is_valid_utf8(open_event.s) THEN md5(open_event.value) END AS hash) END AS open_event
                        FROM (
                          SELECT record_time,
                            partition,
                            offset,
                            record_ms,
                            plain,
                            CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN open_event.e IS NOT NULL
                              AND open_event.e.`event_id` <> ''
                              AND (NOT open_event.e.`event_id` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"event_id"', open_event.s, instr(open_event.s, '"event_id"') + 1) = 0 AND (contains(open_event.s, concat('"event_id"', ':', '"', open_event.e.`event_id`, '"', ',')) OR contains(open_event.s, concat('"event_id"', ':', '"', open_event.e.`event_id`, '"', '}')) OR contains(open_event.s, concat('"event_id"', ': ', '"', open_event.e.`event_id`, '"', ',')) OR contains(open_event.s, concat('"event_id"', ': ', '"', open_event.e.`event_id`, '"', '}')))))
                              AND open_event.e.`user_id` <> ''
                              AND (NOT open_event.e.`user_id` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"user_id"', open_event.s, instr(open_event.s, '"user_id"') + 1) = 0 AND (contains(open_event.s, concat('"user_id"', ':', '"', open_event.e.`user_id`, '"', ',')) OR contains(open_event.s, concat('"user_id"', ':', '"', open_event.e.`user_id`, '"', '}')) OR contains(open_event.s, concat('"user_id"', ': ', '"', open_event.e.`user_id`, '"', ',')) OR contains(open_event.s, concat('"user_id"', ': ', '"', open_event.e.`user_id`, '"', '}')))))
                              AND open_event.e.`session_id` <> ''
                              AND (NOT open_event.e.`session_id` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"session_id"', open_event.s, instr(open_event.s, '"session_id"') + 1) = 0 AND (contains(open_event.s, concat('"session_id"', ':', '"', open_event.e.`session_id`, '"', ',')) OR contains(open_event.s, concat('"session_id"', ':', '"', open_event.e.`session_id`, '"', '}')) OR contains(open_event.s, concat('"session_id"', ': ', '"', open_event.e.`session_id`, '"', ',')) OR contains(open_event.s, concat('"session_id"', ': ', '"', open_event.e.`session_id`, '"', '}')))))
                              AND CASE CASE WHEN open_event.e.`page` IS NULL THEN '/' ELSE open_event.e.`page` END WHEN 'home' THEN '/' ELSE CASE WHEN open_event.e.`page` IS NULL THEN '/' ELSE open_event.e.`page` END END <> ''
                              AND (open_event.e.`page` IS NULL OR (NOT open_event.e.`page` RLIKE '^(?:[-+.0-9eE]+$|true$|false$|\\[)' OR (locate('"page"', open_event.s, instr(open_event.s, '"page"') + 1) = 0 AND (contains(open_event.s, concat('"page"', ':', '"', open_event.e.`page`, '"', ',')) OR contains(open_event.s, concat('"page"', ':', '"', open_event.e.`page`, '"', '}')) OR contains(open_event.s, concat('"page"', ': ', '"', open_event.e.`page`, '"', ',')) OR contains(open_event.s, concat('"page"', ': ', '"', open_event.e.`page`, '"', '}'))))))
                              AND open_event.e.`action` IN ('click', 'view', 'scroll', 'hover')
                              AND open_event.e.`device_type` IN ('mobile', 'desktop', 'tablet')
                            THEN CASE WHEN open_event.e.`timestamp` RLIKE '\\A[1-9]\\d{11,12}\\z' THEN CASE WHEN (locate('"timestamp"', open_event.s, instr(open_event.s, '"timestamp"') + 1) = 0 AND (contains(open_event.s, concat('"timestamp"', ':', open_event.e.`timestamp`, ',')) OR contains(open_event.s, concat('"timestamp"', ':', open_event.e.`timestamp`, '}')) OR contains(open_event.s, concat('"timestamp"', ': ', open_event.e.`timestamp`, ',')) OR contains(open_event.s, concat('"timestamp"', ': ', open_event.e.`timestamp`, '}')))) THEN cast(open_event.e.`timestamp` AS bigint) END ELSE CASE WHEN open_event.e.`timestamp` RLIKE '\\A\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:[Zz]|[+-]\\d{2}:\\d{2})\\z' THEN nullif(greatest(-1L, CASE WHEN unix_millis(try_cast(upper(open_event.e.`timestamp`) AS timestamp)) <= 253402300799999L THEN unix_millis(try_cast(upper(open_event.e.`timestamp`) AS timestamp)) END), -1L) END END END AS quick_ms) END AS open_event
                          FROM (
                            SELECT record_time,
                              partition,
                              offset,
                              record_ms,
                              plain,
                              CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, CASE WHEN length(open_event.value) <= 990 AND is_valid_utf8(open_event.s) AND startswith(open_event.s, '{') AND endswith(open_event.s, '}') AND NOT contains(open_event.inside, '{') AND NOT contains(open_event.inside, '}') AND NOT contains(open_event.inside, '\\')
                              THEN from_json(open_event.s, 'struct<`event_id`: string, `user_id`: string, `session_id`: string, `page`: string, `action`: string, `timestamp`: string, `device_type`: string>', map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')) END AS e) END AS open_event
                            FROM (
                              SELECT record_time,
                                partition,
                                offset,
                                record_ms,
                                plain,
                                CASE WHEN open_event IS NOT NULL THEN struct(open_event.*, cast(substring(open_event.value, 2, length(open_event.value) - 2) AS string) AS inside) END AS open_event
                              FROM (
                                SELECT timestamp AS record_time,
                                  partition AS partition,
                                  offset AS offset,
                                  unix_millis(timestamp) AS record_ms,
                                  CASE WHEN plain_ms IS NOT NULL THEN named_struct('reason', cast(NULL AS string), 'time_ms', plain_ms, 'f_url', CASE p[15] WHEN 'home' THEN '/' ELSE p[15] END) END AS plain,
                                  CASE WHEN plain_ms IS NULL THEN struct(value AS value, s AS s, key AS key, coalesce(headers, array()) AS headers) END AS open_event
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
)
