package dev.slipstream.target.application;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Collects what a sequence is told, and lets a test wait for it. */
final class Answer implements DecodeListener {
  final List<CommittedTokens> steps = new CopyOnWriteArrayList<>();
  final CompletableFuture<int[]> started = new CompletableFuture<>();
  final CompletableFuture<CommittedTokens> firstTokens = new CompletableFuture<>();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final CompletableFuture<DecodeFailure> failure = new CompletableFuture<>();

  /** The sequence's handle; its listener may hear of tokens before the submitter has it. */
  final CompletableFuture<DecodeHandle> handle = new CompletableFuture<>();

  /** Called on the loop's thread after each step; set before submitting. */
  Consumer<CommittedTokens> onStep = step -> {};

  @Override
  public void started(int cachedTokens, int remoteCachedTokens) {
    started.complete(new int[] {cachedTokens, remoteCachedTokens});
  }

  @Override
  public void committed(CommittedTokens tokens) {
    steps.add(tokens);
    firstTokens.complete(tokens);
    onStep.accept(tokens);
  }

  @Override
  public void finished(Outcome result) {
    outcome.complete(result);
  }

  @Override
  public void failed(DecodeFailure reason) {
    failure.complete(reason);
    outcome.completeExceptionally(new IllegalStateException(reason.message()));
  }

  Outcome outcome() {
    return get(outcome);
  }

  DecodeFailure failure() {
    return get(failure);
  }

  /** Its failure, or null if it was good to the end. */
  DecodeFailure end() {
    CompletableFuture.anyOf(outcome.exceptionally(e -> null), failure).join();
    return failure.getNow(null);
  }

  boolean isOver() {
    return outcome.isDone();
  }

  /** All tokens, once the sequence has finished. */
  List<Integer> tokens() {
    outcome();
    return steps.stream().flatMap(step -> step.tokens().stream()).toList();
  }

  boolean anyStep(Predicate<CommittedTokens> condition) {
    return steps.stream().anyMatch(condition);
  }

  /** Fails loudly instead of hanging for ever. */
  static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("no result", e);
    }
  }
}
