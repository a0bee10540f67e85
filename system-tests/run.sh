# The tests on containers and on Kubernetes: 'slipstream test --system' and '--cluster'. Part of the launcher.

# What these tests are built on is tested by 'test'.
only='-Dtest=dev.slipstream.system.**'

# On the images, which are built first; takes the options of 'images' too. Where there is no Docker,
# that is no failure, except on a CI server.
run_system_tests() {
  case "${1:-}" in
    --only=*) only_classes "${1#*=}" && shift ;;
    --only) [ $# -gt 1 ] || die "--only needs a value." && only_classes "$2" && shift 2 ;;
  esac
  if ! reason=$(require_docker 2>&1); then
    [ -z "${CI:-}" ] || die "The system tests need Docker. $reason"
    say "The system tests are skipped. $reason"
    return
  fi
  build_images "$@"
  redis=${SLIPSTREAM_REDIS_IMAGE:-valkey/valkey:8-alpine}
  has_image "$redis" || build_redis
  # Testcontainers has a container clean up after the tests; without it they do that themselves.
  ryuk=${TESTCONTAINERS_RYUK_CONTAINER_IMAGE:-testcontainers/ryuk:0.14.0}
  if has_image "$ryuk"; then
    export TESTCONTAINERS_RYUK_CONTAINER_IMAGE="$ryuk"
  else
    export TESTCONTAINERS_RYUK_DISABLED=true
  fi
  model=$(java_command pull) || die "The default model cannot be had, and the system tests need it."
  forget_reports
  status=0
  (SLIPSTREAM_TAG=$tag maven -P system-tests -pl system-tests -am verify \
    "$only" -Dsurefire.failIfNoSpecifiedTests=false \
    "-Dslipstream.repository=$home" "-Dslipstream.model=$model" "-Dslipstream.redis=$redis") || status=$?
  report || status=1
  return "$status"
}

# As Surefire names them, such as 'AttackTest,LoadTest' or 'AttackTest#oneKey*'.
only_classes() {
  only=-Dtest=$(printf %s "$1" | sed 's/[^,]\{1,\}/dev.slipstream.system.&/g')
}

has_image() {
  docker image inspect "$1" >/dev/null 2>&1 || docker pull -q "$1" >/dev/null 2>&1
}

# Where images cannot be pulled: a Debian's package.
build_redis() {
  say "$redis cannot be pulled; building slipstream-test-redis instead ..."
  redis=slipstream-test-redis
  docker buildx build --load --quiet --tag "$redis" - >/dev/null <<END
FROM ${base:-debian:bookworm-slim}
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
END
}

cluster_usage() {
  cat <<END
Usage: slipstream test --cluster [--registry REGISTRY] [--tag TAG]
Install the chart on the cluster that kubectl finds, in a namespace of its own, and test it there.
      --registry REGISTRY   Where the cluster pulls the images from (default: none; it has them).
      --tag TAG             The images' tag (default: the chart's appVersion).
END
}

# The cluster must have the images or pull them: how they get there differs from one to the next.
run_cluster_tests() {
  registry='' tag=''
  while [ $# -gt 0 ]; do
    option=${1%%=*}
    case "$1" in
      -h | --help) cluster_usage && exit ;;
      --registry=* | --tag=*) value=${1#*=} ;;
      --registry | --tag) [ $# -gt 1 ] || die "$1 needs a value." && value=$2 && shift ;;
      *) cluster_usage >&2 && die "Unknown: $1" ;;
    esac
    case "$option" in
      --registry) registry=$value ;;
      --tag) tag=$value ;;
    esac
    shift
  done
  if ! reason=$(require_cluster 2>&1); then
    [ -z "${CI:-}" ] || die "The tests on a cluster need Kubernetes. $reason"
    say "The tests on a cluster are skipped. $reason"
    return
  fi
  find_jdk
  build
  model=$(java_command pull) || die "The default model cannot be had, and the tests need it."
  [ -n "$tag" ] || tag=$(sed -n 's/^appVersion: *//p' "$home/helm/slipstream/Chart.yaml")
  say "Testing on $(kubectl config current-context) ..."
  forget_reports
  status=0
  (maven -P system-tests -pl system-tests -am verify \
    "$only" -Dsurefire.failIfNoSpecifiedTests=false -Dslipstream.groups=cluster -Dslipstream.excludedGroups= \
    "-Dslipstream.repository=$home" "-Dslipstream.model=$model" \
    "-Dslipstream.registry=$registry" "-Dslipstream.tag=$tag") || status=$?
  report || status=1
  return "$status"
}

require_cluster() {
  for tool in kubectl helm; do
    command -v "$tool" >/dev/null || die "They use $tool: install it so that '$tool' is on the PATH."
  done
  answer=$(kubectl --request-timeout=30s get --raw /readyz 2>&1) || die "The cluster does not answer kubectl: $answer"
}
