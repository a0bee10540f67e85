# The container images: 'slipstream images', and what the system tests run on. Part of the launcher.

images='gateway draft target kv standalone'

images_usage() {
  cat <<END
Usage: slipstream images [--base IMAGE] [--jdk IMAGE] [--tag TAG]
Build the images slipstream-gateway, -draft, -target, -kv and -standalone with Docker.
      --base IMAGE   What they are based on: any image with glibc and bash, such as a Debian
                     (default: the Dockerfile's).
      --jdk IMAGE    Where Java comes from: an image with a JDK 25 in /opt/java/openjdk (default: the
                     Dockerfile's; with --base, on Linux, the JDK 25 of this machine).
      --tag TAG      Their tag (default: latest).
END
}

# With --base on Linux nothing is pulled but that image: the runtime is made of this machine's JDK.
build_images() {
  base='' jdk_image='' tag=latest
  while [ $# -gt 0 ]; do
    option=${1%%=*}
    case "$1" in
      -h | --help) images_usage && exit ;;
      --base=* | --jdk=* | --tag=*) value=${1#*=} ;;
      --base | --jdk | --tag) [ $# -gt 1 ] || die "$1 needs a value." && value=$2 && shift ;;
      *) images_usage >&2 && die "Unknown: $1" ;;
    esac
    case "$option" in
      --base) base=$value ;;
      --jdk) jdk_image=$value ;;
      --tag) tag=$value ;;
    esac
    shift
  done
  require_docker
  find_jdk
  build
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$home" log -1 --format=%ct 2>/dev/null || echo 0)}
  revision=$(git -C "$home" describe --always --abbrev=40 --dirty --exclude '*' 2>/dev/null || echo unknown)
  version=$(basename "$(echo "$home"/standalone/target/standalone-*-exec.jar)" -exec.jar)
  set -- --build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" --build-arg "REVISION=$revision" \
    --build-arg "VERSION=${version#standalone-}"
  [ -z "$base" ] || set -- "$@" --build-arg "BASE=$base"
  if [ -n "$jdk_image" ]; then
    set -- "$@" --build-arg "JDK=$jdk_image"
  elif [ -n "$base" ] && [ "$(uname -s)" = Linux ]; then
    # Links are followed, because distributions keep certificates elsewhere.
    tar -C "$JAVA_HOME" -ch . | docker import - slipstream-jdk:local >/dev/null
    set -- "$@" --build-arg JDK=slipstream-jdk:local --build-arg JDK_HOME=/
  fi
  # Older ones do not read heredocs by themselves.
  engine=$(docker version --format '{{.Server.Version}}')
  [ "${engine%%.*}" -ge 23 ] 2>/dev/null || set -- "$@" --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1
  for image in $images; do
    say "Building slipstream-$image:$tag ..."
    docker buildx build --load --progress plain --target "$image" --tag "slipstream-$image:$tag" "$@" "$home" \
      >"$home/standalone/target/image-$image.log" 2>&1 ||
      { tail -n 40 "$home/standalone/target/image-$image.log" >&2; die "slipstream-$image cannot be built; see above."; }
  done
  docker image ls --filter "reference=slipstream-*:$tag"
}

require_docker() {
  command -v docker >/dev/null ||
    die "Images are built with Docker: install Docker Engine or Docker Desktop so that 'docker' is on the PATH."
  answer=$(docker version --format '{{.Server.Version}}' 2>&1) || die "Docker does not answer: $answer"
  docker buildx version >/dev/null 2>&1 ||
    die "Docker lacks BuildKit's client: install its plugin buildx (such as the package docker-buildx-plugin)."
}
