# The tests that need no containers: 'slipstream test', and what all tests are reported by. Part of the launcher.

run_tests() {
  build
  say "Fetching the default model for the tests that need it ..."
  (java_command pull) || say "The default model cannot be had; the tests that need it will be skipped."
  forget_reports
  # Classes that are there may have been compiled without the analysis.
  rm -rf "$home"/*/target/maven-status "$home"/libs/*/target/maven-status
  status=0
  (maven -P benchmarks,analysis verify) || status=$?
  report || status=1
  return "$status"
}

# Those without a tag: no model, no suite, nothing that takes long.
run_fast_tests() {
  forget_reports
  status=0
  (maven -P benchmarks test '-Dgroups=none()' -Dslipstream.variants.skip=true) || status=$?
  report || status=1
  return "$status"
}

forget_reports() {
  rm -rf "$home"/*/target/surefire-reports "$home"/libs/*/target/surefire-reports
}

# Of every test that ran: seconds, name, why it was skipped; between tabs, from Surefire's reports.
cases() {
  cat "$home"/*/target/surefire-reports/TEST-*.xml "$home"/libs/*/target/surefire-reports/TEST-*.xml 2>/dev/null |
    awk -v RS='<testcase' '
      function attribute(text, key) {
        if (!match(text, "[ <]" key "=\"[^\"]*\"")) return ""
        text = substr(text, RSTART, RLENGTH); sub(/^[^"]*"/, "", text); sub(/"$/, "", text)
        return text
      }
      NR > 1 {
        tag = $0; sub(/>.*/, "", tag)
        time = attribute(tag, "time"); gsub(",", "", time)
        why = match($0, /<skipped[^>]*/) ? attribute(substr($0, RSTART, RLENGTH), "message") : ""
        print time "\t" attribute(tag, "classname") "." attribute(tag, "name") "\t" why
      }'
}

# What was skipped, what took longest, how many ran. None at all is a failure.
report() {
  ran=$(cases | wc -l | tr -d ' ')
  say ""
  cases | awk -F '\t' '$3 != "" { print "Skipped: " $2 ": " $3 }' | sort >&2
  say "The slowest tests:"
  cases | sort -rn | head -n 10 | awk -F '\t' '{ printf "%8.1f s  %s\n", $1, $2 }' >&2
  say "$ran test cases in the reports."
  [ "$ran" -gt 0 ]
}
