package dev.slipstream.models.catalog;

/** Hears how the fetching of a model goes. Called from the thread that fetches. */
public interface ProgressListener {

  /** Says nothing. */
  ProgressListener SILENT =
      new ProgressListener() {
        @Override
        public void progress(String what, long done, long total) {}

        @Override
        public void note(String message) {}
      };

  /**
   * Bytes have arrived.
   *
   * @param what the file, as a user would name it
   * @param done bytes so far, at most {@code total} if that is known
   * @param total bytes in all, or -1
   */
  void progress(String what, long done, long total);

  /** Something worth knowing: a retry, a wait, the next source. One sentence. */
  void note(String message);
}
