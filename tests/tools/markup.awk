# Is the page well-formed, and does it stand alone?  Every tag is closed, in order; no
# bare < or &; nothing comes from elsewhere.
function wrong(what) { print "line " NR ": " what; faults++ }

/<style>/ { style = 1; sub(/<style>.*/, "<style>") }
/<\/style>/ { style = 0; sub(/.*<\/style>/, "</style>") }
style && !/<style>/ { if (/url\(|@import/) wrong("the style wants a file"); next }
{
  if (/<script|<iframe|<object|<embed|<link|<img|(src|srcset)=|https?:/) wrong("not alone: " $0)
  text = $0
  while (match(text, /&[^;&<]*;?/)) {
    if (substr(text, RSTART, RLENGTH) !~ /^&(amp|lt|gt|quot);$/) wrong("a bare &: " $0)
    text = substr(text, RSTART + RLENGTH)
  }
  text = $0
  while (match(text, /<[^<>]*>?/)) {
    tag = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    if (tag !~ /^<(\/?[a-z][a-z0-9]*|!DOCTYPE html)[^<>]*>$/) { wrong("no tag: " tag); continue }
    name = tag
    gsub(/^<\/?|[ \/>].*$/, "", name)
    if (tag ~ /^<!/ || tag ~ /\/>$/) continue
    if (tag !~ /^<\//) { open[++depth] = name; continue }
    if (depth == 0 || open[depth] != name)
      wrong("</" name "> ends " (depth ? "<" open[depth] ">" : "nothing"))
    if (depth > 0) depth--
  }
}
END {
  if (depth > 0) wrong("<" open[depth] "> has no end")
  exit faults > 0
}
