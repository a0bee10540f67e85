package dev.slipstream.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** If this does not hold, one user's uploads take the gateway's memory from all others. */
class ByteBudgetTest {
  private static final int CAPACITY = 1200;

  private final ByteBudget budget = new ByteBudget(CAPACITY);

  private static Owner owner(int number) {
    return new Owner("key", "k" + number);
  }

  private ByteBudget.Reservation taken(int owner, long bytes) {
    ByteBudget.Reservation reservation = budget.open(owner(owner));
    reservation.grow(bytes);
    return reservation;
  }

  private ApiError refusal(int owner, long bytes) {
    ApiError[] error = new ApiError[1];
    assertThatThrownBy(() -> taken(owner, bytes))
        .isInstanceOfSatisfying(ApiException.class, e -> error[0] = e.error());
    return error[0];
  }

  @Test
  void aloneAnOwnerGetsHalf() {
    taken(1, 300);
    taken(1, 300);
    assertThat(refusal(1, 1)).isInstanceOf(ApiError.Busy.class);
    assertThat(budget.held()).isEqualTo(600);
    assertThat(budget.refused()).isOne();
  }

  @Test
  void whoeverComesNextFindsRoomHoweverManyAreGreedy() {
    for (int owner = 0; owner < 100; owner++) {
      while (true) {
        try {
          taken(owner, 10);
        } catch (ApiException e) {
          break;
        }
      }
      assertThat(budget.held()).isLessThan(CAPACITY);
    }
    taken(100, 1);
  }

  @Test
  void whoHoldsNothingIsToldThatItIsNotTheirDoing() {
    IntStream.range(0, 5).forEach(owner -> taken(owner, 200));
    assertThat(refusal(5, 200)).isInstanceOf(ApiError.Overloaded.class);
    taken(5, 100);
  }

  @Test
  void aSmallRequestElsewhereIsNotBlamedForALargeOneThatCannotFit() {
    IntStream.range(0, 5).forEach(owner -> taken(owner, 200));
    taken(5, 1);
    assertThat(refusal(5, 190)).isInstanceOf(ApiError.Overloaded.class);
  }

  @Test
  void whatGrowsBitByBitEndsWhereItWouldAtOnce() {
    ByteBudget.Reservation request = budget.open(owner(1));
    for (int i = 0; i < 600; i++) {
      request.grow(1);
    }
    assertThatThrownBy(() -> request.grow(1))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.error()).isInstanceOf(ApiError.Overloaded.class));
  }

  @Test
  void whatEndsGivesBackAllAndOnce() {
    ByteBudget.Reservation request = taken(1, 500);
    request.close();
    request.close();
    request.grow(500);
    assertThat(budget.held()).isZero();
    taken(1, 600);
  }

  @Property
  void nobodyHoldsMoreThanIsFreeAndNothingIsLost(
      @ForAll @Size(max = 60) List<@IntRange(max = 1999) Integer> steps) {
    ByteBudget all = new ByteBudget(CAPACITY);
    List<ByteBudget.Reservation> open = new ArrayList<>();
    long[] held = new long[5];
    for (int step : steps) {
      int owner = step % 5;
      int bytes = step / 5;
      ByteBudget.Reservation reservation = all.open(owner(owner));
      try {
        reservation.grow(bytes);
        held[owner] += bytes;
        assertThat(held[owner]).isLessThanOrEqualTo(CAPACITY - all.held());
      } catch (ApiException e) {
        assertThat(held[owner] + bytes).isGreaterThan(CAPACITY - all.held() - bytes);
      }
      assertThat(all.held()).isEqualTo(IntStream.range(0, 5).mapToLong(i -> held[i]).sum());
      open.add(reservation);
    }
    open.forEach(ByteBudget.Reservation::close);
    assertThat(all.held()).isZero();
  }

  @Test
  void aHostOfManyAddressesIsOneOwner() {
    assertThat(address("2001:db8::1")).isEqualTo(address("2001:db8::2:3"));
    assertThat(address("2001:db8::1")).isNotEqualTo(address("2001:db8:0:1::1"));
    assertThat(address("10.0.0.1")).isNotEqualTo(address("10.0.0.2"));
    assertThat(Owner.of(new InetSocketAddress("10.0.0.1", 1))).isEqualTo(address("10.0.0.1"));
  }

  private static Owner address(String literal) {
    return Owner.of(new InetSocketAddress(InetAddress.ofLiteral(literal), 2));
  }
}
