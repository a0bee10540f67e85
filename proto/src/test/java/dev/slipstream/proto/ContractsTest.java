package dev.slipstream.proto;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.slipstream.proto.v1.Common;
import dev.slipstream.proto.v1.Draft;
import dev.slipstream.proto.v1.Generation;
import dev.slipstream.proto.v1.Kv;
import dev.slipstream.proto.v1.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Services of two versions talk to each other while a release rolls out, and clients are not built
 * with ours: a contract may grow, and nothing else.
 */
class ContractsTest {
  private static final List<FileDescriptor> CONTRACTS =
      List.of(
          Common.getDescriptor(),
          Draft.getDescriptor(),
          Generation.getDescriptor(),
          Kv.getDescriptor(),
          Target.getDescriptor());

  /** What the contracts have promised so far. */
  private static final Path LOCK = Path.of("contracts.lock");

  private static final int NODE =
      Target.getDescriptor().findMessageTypeByName("DraftNode").getIndex();

  private static final int STARTED =
      Target.getDescriptor().findMessageTypeByName("DecodeStarted").getIndex();

  private static final String RENEWAL =
      "mvn -pl proto test -Dtest=ContractsTest -Dcontracts.renew=true";

  @Test
  void theContractsKeepWhatTheyHavePromised() throws IOException {
    Set<String> now = ContractFacts.of(CONTRACTS);
    Set<String> promised = new TreeSet<>(Files.readAllLines(LOCK));

    assertThat(now)
        .as("a change to proto/ takes away what others rely on; add beside it instead")
        .containsAll(promised);
    if (Boolean.getBoolean("contracts.renew")) {
      Files.write(LOCK, now);
    } else {
      assertThat(promised)
          .as("proto/contracts.lock does not know all of the contracts; renew it: " + RENEWAL)
          .containsAll(now);
    }
  }

  @Test
  void everyContractIsWatched() throws IOException {
    try (var files = Files.list(Path.of("src/main/protobuf/slipstream/v1"))) {
      assertThat(files.map(file -> "slipstream/v1/" + file.getFileName()))
          .containsExactlyInAnyOrderElementsOf(
              CONTRACTS.stream().map(FileDescriptor::getName).toList());
    }
  }

  /** Changes that compile well and break somebody. */
  enum Change {
    FIELD_REMOVED(file -> file.getMessageTypeBuilder(NODE).removeField(1)),
    FIELD_RENUMBERED(file -> field(file).setNumber(99)),
    FIELD_NUMBER_REUSED(file -> field(file).setName("score")),
    FIELD_RETYPED(file -> field(file).setType(FieldDescriptorProto.Type.TYPE_INT64)),
    FIELD_REPEATED(file -> field(file).setLabel(FieldDescriptorProto.Label.LABEL_REPEATED)),
    FIELD_WITH_PRESENCE(
        file -> {
          file.getMessageTypeBuilder(NODE).addOneofDeclBuilder().setName("_parent");
          field(file)
              .setProto3Optional(true)
              .setOneofIndex(file.getMessageTypeBuilder(NODE).getOneofDeclCount() - 1);
        }),
    FIELD_IN_A_ONEOF(
        file -> {
          file.getMessageTypeBuilder(STARTED).addOneofDeclBuilder().setName("cache");
          file.getMessageTypeBuilder(STARTED).getFieldBuilder(0).setOneofIndex(0);
        }),
    MESSAGE_RENAMED(
        file -> {
          int last = file.getMessageTypeCount() - 1;
          file.getMessageTypeBuilder(last).setName("Renamed");
        }),
    METHOD_REMOVED(file -> file.getServiceBuilder(0).removeMethod(0)),
    METHOD_STREAMS(file -> file.getServiceBuilder(0).getMethodBuilder(1).setServerStreaming(true)),
    METHOD_TAKES_ANOTHER_MESSAGE(
        file ->
            file.getServiceBuilder(0)
                .getMethodBuilder(1)
                .setInputType(".slipstream.v1.DecodeStart")),
    SERVICE_RENAMED(file -> file.getServiceBuilder(0).setName("Renamed")),
    JAVA_PACKAGE(file -> file.getOptionsBuilder().setJavaPackage("elsewhere"));

    private final Consumer<FileDescriptorProto.Builder> edit;

    Change(Consumer<FileDescriptorProto.Builder> edit) {
      this.edit = edit;
    }

    private static FieldDescriptorProto.Builder field(FileDescriptorProto.Builder file) {
      return file.getMessageTypeBuilder(NODE).getFieldBuilder(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aChangeThatIsNotAdditiveIsSeen(Change change) throws Exception {
    assertThat(ContractFacts.of(List.of(edited(change.edit))))
        .satisfies(facts -> assertThat(facts.containsAll(promises())).isFalse());
  }

  @Test
  void anEnumValueThatChangesItsNumberIsSeen() throws Exception {
    FileDescriptorProto.Builder file = Common.getDescriptor().toProto().toBuilder();
    file.getEnumTypeBuilder(0).getValueBuilder(1).setNumber(17);
    Set<String> before = ContractFacts.of(List.of(Common.getDescriptor()));

    assertThat(ContractFacts.of(List.of(build(file))).containsAll(before)).isFalse();
  }

  @Test
  void whatIsAddedTakesNothingAway() throws Exception {
    Set<String> grown =
        ContractFacts.of(
            List.of(
                edited(
                    file -> {
                      file.getMessageTypeBuilder(NODE)
                          .addFieldBuilder()
                          .setName("colour")
                          .setNumber(100)
                          .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL)
                          .setType(FieldDescriptorProto.Type.TYPE_STRING);
                      file.addMessageTypeBuilder().setName("Colour");
                      file.getServiceBuilder(0)
                          .addMethodBuilder()
                          .setName("Paint")
                          .setInputType(".slipstream.v1.Colour")
                          .setOutputType(".slipstream.v1.Colour");
                    })));

    assertThat(grown).containsAll(promises()).hasSizeGreaterThan(promises().size());
  }

  private static Set<String> promises() {
    return ContractFacts.of(List.of(Target.getDescriptor()));
  }

  private static FileDescriptor edited(Consumer<FileDescriptorProto.Builder> edit)
      throws Exception {
    FileDescriptorProto.Builder file = Target.getDescriptor().toProto().toBuilder();
    edit.accept(file);
    return build(file);
  }

  private static FileDescriptor build(FileDescriptorProto.Builder file) throws Exception {
    FileDescriptor[] imports =
        file.getDependencyCount() == 0
            ? new FileDescriptor[0]
            : new FileDescriptor[] {Common.getDescriptor()};
    return FileDescriptor.buildFrom(file.build(), imports, true);
  }
}
