# Turns the sandbox's live feed (GET /events, server-sent) into one readable line per hop: jq -nRr --unbuffered -f hops.jq
def pad($n): . + (" " * ([0, $n - length] | max));
def line($hop; $network; $what): "\(now | strftime("%H:%M:%S"))  \($hop | pad(8))  \($network | pad(9))  \($what)";

foreach inputs as $row ({ event: null, data: null };
  if $row | startswith("event: ") then { event: $row[7:], data: null }
  elif $row | startswith("data: ") then .data = ($row[6:] | fromjson? // null)
  else .data = null end;
  select(.data != null) | .data as $d |
  if .event == "hop" and $d.hop == "webhook" then
    line("webhook"; $d.network; "\($d.kind) posted to the translator: \($d.status) in \($d.ms) ms")
  elif .event == "hop" then
    line($d.hop; $d.network; "\($d.kind) sent by the translator: \($d.status)")
  elif .event == "bubble" and $d.bubble.direction == "out" then
    line("phone"; $d.network; "“\($d.bubble.text // "")”  \($d.bubble.ticks)")
  elif .event == "bubble" and $d.bubble.ticks == "sent" then
    line("phone"; $d.network; "shows “\($d.bubble.text // "")”")
  else empty end)
