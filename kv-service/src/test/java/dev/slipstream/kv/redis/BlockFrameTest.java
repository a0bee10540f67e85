package dev.slipstream.kv.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Attention state with a wrong byte fails nowhere: it would change the answer. */
class BlockFrameTest {
  private static final byte[] KEY = {'k', ':', '1'};

  @Property
  void aBlockComesBackByteForByteWithItsChecksum(@ForAll @Size(min = 1, max = 999) byte[] data) {
    var block = BlockFrame.read(KEY, frame(data)).orElseThrow();

    assertThat(block.data()).isEqualTo(data);
    assertThat(block.crc32c()).isEqualTo(crc(data));
  }

  @Property
  void onlyWhatIsFromThePositionOnIsWritten(
      @ForAll @Size(min = 2, max = 99) byte[] data, @ForAll @IntRange(min = 0, max = 1) int from) {
    ByteBuffer buffer = ByteBuffer.wrap(data).position(from).asReadOnlyBuffer();
    byte[] rest = Arrays.copyOfRange(data, from, data.length);

    byte[] value = BlockFrame.write(KEY, buffer, crc(rest));

    assertThat(buffer.position()).isEqualTo(from);
    assertThat(BlockFrame.read(KEY, value).orElseThrow().data()).isEqualTo(rest);
  }

  @Property
  void anyChangedByteIsFound(
      @ForAll @Size(min = 1, max = 99) byte[] data,
      @ForAll @IntRange(min = 0) int at,
      @ForAll @IntRange(min = 1, max = 255) int change) {
    byte[] value = frame(data);
    value[at % value.length] ^= (byte) change;

    assertThat(BlockFrame.read(KEY, value)).isEmpty();
  }

  @Property
  void aValueOfAnotherLengthIsFound(
      @ForAll @Size(min = 1, max = 99) byte[] data, @ForAll @IntRange(min = 0) int length) {
    byte[] value = frame(data);
    int other = length % (2 * value.length);
    if (other != value.length) {
      assertThat(BlockFrame.read(KEY, Arrays.copyOf(value, other))).isEmpty();
    }
  }

  @Property
  void theValueOfAnotherKeyIsFound(
      @ForAll @Size(min = 1, max = 99) byte[] data, @ForAll @Size(max = 50) byte[] other) {
    if (!Arrays.equals(other, KEY)) {
      assertThat(BlockFrame.read(other, frame(data))).isEmpty();
    }
  }

  @Property
  void whatSomebodyElseWroteIsFound(@ForAll @Size(max = 200) byte[] anything) {
    assertThat(BlockFrame.read(KEY, anything)).isEmpty();
  }

  private static byte[] frame(byte[] data) {
    return BlockFrame.write(KEY, ByteBuffer.wrap(data), crc(data));
  }

  private static int crc(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    return (int) crc.getValue();
  }
}
