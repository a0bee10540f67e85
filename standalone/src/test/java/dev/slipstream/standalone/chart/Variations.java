package dev.slipstream.standalone.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Values that users may have: every values file, and what one would change in them. */
final class Variations {
  private Variations() {}

  /**
   * @param file one of {@link Chart#valuesFiles}
   * @param values on top of it, in YAML
   */
  record Variation(String file, String values) {
    Manifest render(Chart chart) {
      return chart.render(file, values);
    }

    @Override
    public String toString() {
      return values.isEmpty() ? file : file + " with " + values;
    }
  }

  static List<Variation> all() {
    List<Variation> all = new ArrayList<>();
    Chart.valuesFiles().forEach(file -> all.add(new Variation(file, "")));
    Stream.of(
            "draft: {enabled: false}",
            "kv: {enabled: false}",
            "{draft: {enabled: false}, kv: {enabled: false}}",
            "draft: {model: smollm2-135m-instruct}",
            "{draft: {model: 'hf:org/name:Q8_0'}, model: {reference: 'hf:org/name:Q4_K_M', id: big}}",
            "{model: {reference: 'file:/models/a.gguf', pull: {enabled: false},"
                + " volume: {type: hostPath, hostPath: {path: /srv/models}}}}",
            "model: {volume: {type: persistentVolumeClaim}}",
            "model: {pull: {enabled: false}, volume: {type: persistentVolumeClaim,"
                + " persistentVolumeClaim: {existingClaim: weights}}}",
            "model: {volume: {type: persistentVolumeClaim, persistentVolumeClaim:"
                + " {storageClassName: fast, accessModes: [ReadWriteMany], size: 100Gi}}}",
            "model: {pull: {hubEndpoint: 'http://mirror.models:8000', hubTokenSecret: {name: hub},"
                + " extraEnv: [{name: PIP_INDEX_URL, value: 'http://mirror/simple'}]}}",
            "image: {registry: registry.example.com/team, tag: 1.2.3, pullPolicy: Always,"
                + " pullSecrets: [{name: registry}]}",
            "target: {image: {repository: other/target, digest:"
                + " 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}",
            "gateway: {service: {type: LoadBalancer, httpPort: 80, grpcPort: 443,"
                + " annotations: {a: b}}}",
            "gateway: {autoscaling: {enabled: true, maxReplicas: 20}}",
            "target: {autoscaling: {mode: keda, keda: {prometheusAddress: 'http://p:9090'}}}",
            "target: {autoscaling: {mode: hpa, minReplicas: 1}}",
            "gateway: {drainSeconds: 300, preStopSeconds: 0}",
            "target: {drainSeconds: 600, terminationGracePeriodSeconds: 700}",
            "{draft: {drainSeconds: 60, preStopSeconds: 0}, kv: {drainSeconds: 1}}",
            "gateway: {config: {maxBodySize: 16MB, keepAlive: 5s, workers: 4, maxQueuedPrompts: 64,"
                + " allowedOrigins: ['https://a.example', 'https://b.example']}}",
            "target: {config: {threads: 3, contextLength: 4096, maxBatchRows: 512, prefillChunk: 32,"
                + " maxRunning: 8, maxQueued: 10, maxResumed: 5, maxDraftTokens: 0, costBudget: 1s,"
                + " kvCache: {memoryFraction: 0.4, keyEncoding: f32, valueEncoding: i16},"
                + " kv: {patience: 80ms, fetchRate: 1GB, pause: 10s,"
                + " storeQueue: 128MB, fetchMemory: 64MB, refusal: 1m, maxBlockSize: 32MB}}}",
            "draft: {config: {defaultDrafter: prompt-lookup, threads: 1, maxStreams: 64, maxContext:"
                + " 16777216, maxIndexedTokens: 16777216, maxNodes: 64, resting: {nodes: 2,"
                + " interval: 16}, promptLookup: {minNgram: 1, maxNgram: 4, candidates: 8,"
                + " maxDepth: 8}}}",
            "kv: {config: {maxBlockSize: 32MB, maxKeys: 1048576, maxFetchSize: 1GB, maxInFlight:"
                + " 128MB, memory: {capacity: 2GB}, redis:"
                + " {keyPrefix: 'a:', timeToLive: 7d, commandTimeout: 250ms}}}",
            "{kv: {replicas: 3, redis: {enabled: true, uris: ['redis://cache.team']}},"
                + " networkPolicy: {enabled: true}}",
            "{kv: {replicas: 2, redis: {enabled: true, cluster: true, uris: ['rediss://a:7000',"
                + " 'rediss://b:7000'], username: kv, passwordSecret: {name: redis, key: pw},"
                + " authoritySecret: {name: redis-ca}}}, networkPolicy: {enabled: true},"
                + " mutualTls: {enabled: true, certManager: {enabled: true, issuerRef: {name: ca}}}}",
            "gateway: {additionalTargets: ['static://10.0.0.1:9092'], additionalDrafts:"
                + " ['dns:///elsewhere.team:9091']}",
            "ingress: {enabled: true, className: nginx, hosts: [llm.example.com],"
                + " tls: [{hosts: [llm.example.com], secretName: tls}]}",
            "ingress: {enabled: true}",
            "gatewayApi: {httpRoute: {enabled: true, parentRefs: [{name: edge}], hostnames:"
                + " [llm.example.com]}, grpcRoute: {enabled: true, parentRefs: [{name: edge}]}}",
            "networkPolicy: {enabled: true}",
            "{networkPolicy: {enabled: true, gatewayFrom: [{namespaceSelector: {matchLabels: {team:"
                + " apps}}}], metricsFrom: [{namespaceSelector: {matchLabels: {team: ops}}}],"
                + " extraEgress: [{ports: [{port: 4318, protocol: TCP}]}]}, draft: {enabled: false}}",
            "{apiKeys: {existingSecret: keys}, tests: {apiKeySecret: {name: test}}, gateway: {config:"
                + " {requestTimeout: 30s, apiKeysInterval: 10s}}}",
            "mutualTls: {enabled: true, secrets: {gateway: a, draft: b, target: c, kv: d}}",
            "{mutualTls: {enabled: true, certManager: {enabled: true, issuerRef: {name: ca, kind:"
                + " ClusterIssuer}}}, kv: {enabled: false}}",
            "gateway: {config: {limits: {answers: 64, answerTime: 10m}, failover: {heartbeat: 1s,"
                + " silence: 3s, patience: 60s}}}",
            "tracing: {enabled: true, samplingProbability: 1}",
            "{serviceMonitor: {enabled: true, additionalLabels: {release: prometheus}},"
                + " prometheusRule: {enabled: true, errorRatio: 0.5}, dashboard: {enabled: true}}",
            "serviceAccount: {create: false, name: own}",
            "serviceAccount: {create: false}",
            "fullnameOverride: a-name-as-long-as-the-schema-allows-it-2",
            "{nameOverride: other, commonLabels: {team: a}}",
            "gateway: {podDisruptionBudget: {maxUnavailable: 1%}, strategy: {maxSurge: 0,"
                + " maxUnavailable: 50%}}",
            "target: {replicas: 1, podDisruptionBudget: {enabled: false}, topologySpread: [],"
                + " strategy: {maxSurge: 0, maxUnavailable: 1}}",
            "target: {nodeSelector: {kubernetes.io/arch: amd64}, tolerations: [{operator: Exists}],"
                + " affinity: {nodeAffinity: {}}, priorityClassName: high, podAnnotations: {a: b},"
                + " podLabels: {c: d}, javaOptions: '-Xmx2g -XX:+UseZGC'}",
            "kv: {extraEnv: [{name: USER_A, value: b}], extraVolumes: [{name: ca, configMap: {name:"
                + " ca}}], extraVolumeMounts: [{name: ca, mountPath: /ca}]}")
        .forEach(values -> all.add(new Variation(Chart.DEFAULT, values)));
    all.add(new Variation("production", "target: {autoscaling: {mode: none}}"));
    all.add(new Variation("apple-silicon", "networkPolicy: {enabled: true}"));
    all.add(new Variation("minimal", "kv: {enabled: true}"));
    return all;
  }
}
