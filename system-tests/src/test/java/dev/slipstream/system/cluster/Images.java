package dev.slipstream.system.cluster;

/**
 * The images under test, which the cluster has or can pull.
 *
 * @param registry with what comes before an image's name; may be empty
 */
record Images(String registry, String tag) {

  /** Those that the launcher was told. */
  static Images given() {
    return new Images(
        System.getProperty("slipstream.registry", ""), System.getProperty("slipstream.tag"));
  }

  String name(String image) {
    return (registry.isEmpty() ? "" : registry + "/") + "slipstream-" + image + ":" + tag;
  }
}
