import com.google.protobuf.ByteString;
import io.axoniq.axonserver.connector.AxonServerConnection;
import io.axoniq.axonserver.connector.AxonServerConnectionFactory;
import io.axoniq.axonserver.connector.Registration;
import io.axoniq.axonserver.connector.ReplyChannel;
import io.axoniq.axonserver.connector.ResultStream;
import io.axoniq.axonserver.connector.control.ProcessorInstructionHandler;
import io.axoniq.axonserver.connector.event.PersistentStream;
import io.axoniq.axonserver.connector.event.PersistentStreamCallbacks;
import io.axoniq.axonserver.connector.event.PersistentStreamProperties;
import io.axoniq.axonserver.connector.event.PersistentStreamSegment;
import io.axoniq.axonserver.connector.impl.ServerAddress;
import io.axoniq.axonserver.connector.query.QueryDefinition;
import io.axoniq.axonserver.connector.query.QueryHandler;
import io.axoniq.axonserver.connector.query.SubscriptionQueryResult;
import io.axoniq.axonserver.grpc.MetaDataValue;
import io.axoniq.axonserver.grpc.ProcessingInstruction;
import io.axoniq.axonserver.grpc.ProcessingKey;
import io.axoniq.axonserver.grpc.SerializedObject;
import io.axoniq.axonserver.grpc.admin.CreateContextRequest;
import io.axoniq.axonserver.grpc.admin.DeleteContextRequest;
import io.axoniq.axonserver.grpc.admin.Result;
import io.axoniq.axonserver.grpc.command.Command;
import io.axoniq.axonserver.grpc.command.CommandResponse;
import io.axoniq.axonserver.grpc.control.EventProcessorInfo;
import io.axoniq.axonserver.grpc.event.Event;
import io.axoniq.axonserver.grpc.event.dcb.AddSnapshotRequest;
import io.axoniq.axonserver.grpc.event.dcb.ConsistencyCondition;
import io.axoniq.axonserver.grpc.event.dcb.Criterion;
import io.axoniq.axonserver.grpc.event.dcb.GetLastSnapshotRequest;
import io.axoniq.axonserver.grpc.event.dcb.SourceEventsRequest;
import io.axoniq.axonserver.grpc.event.dcb.SourceEventsResponse;
import io.axoniq.axonserver.grpc.event.dcb.StreamEventsRequest;
import io.axoniq.axonserver.grpc.event.dcb.Tag;
import io.axoniq.axonserver.grpc.event.dcb.TaggedEvent;
import io.axoniq.axonserver.grpc.event.dcb.TagsAndNamesCriterion;
import io.axoniq.axonserver.grpc.query.QueryRequest;
import io.axoniq.axonserver.grpc.query.QueryResponse;
import io.axoniq.axonserver.grpc.query.QueryUpdate;
import io.axoniq.axonserver.grpc.query.SubscriptionQuery;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Uses a node through the public Java connector; prints one line for each step. */
class ConnectorTour {

    interface Step {
        void run() throws Exception;
    }

    static final long WAIT = 20;
    static String host;
    static int port;
    static AxonServerConnection caller;
    static AxonServerConnection handler;
    static final List<AxonServerConnectionFactory> factories = new ArrayList<>();

    public static void main(String[] arguments) {
        host = arguments[0];
        port = Integer.parseInt(arguments[1]);
        caller = connection("shop", "default");
        handler = connection("stock", "default");
        step("connect", () -> until(() -> caller.isReady() && handler.isReady()));
        step("command", ConnectorTour::command);
        step("command_without_handler", ConnectorTour::commandWithoutHandler);
        step("command_that_fails", ConnectorTour::commandThatFails);
        step("command_unregistered", ConnectorTour::commandUnregistered);
        step("query", ConnectorTour::query);
        step("query_without_handler", ConnectorTour::queryWithoutHandler);
        step("query_scattered", ConnectorTour::queryScattered);
        step("query_with_many_results", ConnectorTour::queryWithManyResults);
        step("subscription_query", ConnectorTour::subscriptionQuery);
        step("topology", ConnectorTour::topology);
        step("heartbeat", ConnectorTour::heartbeat);
        step("append_and_read", ConnectorTour::appendAndRead);
        step("sequence_conflict", ConnectorTour::sequenceConflict);
        step("event_stream", ConnectorTour::eventStream);
        step("snapshots", ConnectorTour::snapshots);
        step("query_events", ConnectorTour::queryEvents);
        step("schedule", ConnectorTour::schedule);
        step("persistent_stream", ConnectorTour::persistentStream);
        step("processors", ConnectorTour::processors);
        step("contexts", ConnectorTour::contexts);
        step("dcb", ConnectorTour::dcb);
        step("dcb_snapshots", ConnectorTour::dcbSnapshots);
        for (AxonServerConnectionFactory each : factories) {
            each.shutdown();
        }
        System.exit(0);
    }

    static void step(String name, Step step) {
        try {
            step.run();
            System.out.println("ok " + name);
        } catch (Throwable problem) {
            System.out.println("failed " + name + ": " + problem);
            problem.printStackTrace();
        }
    }

    static AxonServerConnection connection(String component, String context) {
        AxonServerConnectionFactory factory =
                AxonServerConnectionFactory.forClient(component, component + "-1")
                        .routingServers(new ServerAddress(host, port))
                        .processorInfoUpdateFrequency(100, TimeUnit.MILLISECONDS)
                        .build();
        factories.add(factory);
        return factory.connect(context);
    }

    // Commands

    static void command() throws Exception {
        Registration registration = handler.commandChannel().registerCommandHandler(
                ConnectorTour::upperCase, 100, "shout");
        registration.awaitAck(WAIT, TimeUnit.SECONDS);
        for (int number = 0; number < 300; number++) {
            CommandResponse response = send("shout", "hello " + number);
            expect("HELLO " + number, response.getPayload().getData().toStringUtf8());
        }
    }

    static void commandWithoutHandler() throws Exception {
        expect("AXONIQ-4000", send("unheard", "x").getErrorCode());
    }

    static void commandThatFails() throws Exception {
        handler.commandChannel().registerCommandHandler(
                command -> CompletableFuture.failedFuture(new IllegalStateException("no stock")),
                100, "sell").awaitAck(WAIT, TimeUnit.SECONDS);
        CommandResponse response = send("sell", "x");
        expect(false, response.getErrorCode().isEmpty());
        expect(true, response.getErrorMessage().getMessage().contains("no stock"));
    }

    static void commandUnregistered() throws Exception {
        Registration registration = handler.commandChannel().registerCommandHandler(
                ConnectorTour::upperCase, 100, "whisper");
        registration.awaitAck(WAIT, TimeUnit.SECONDS);
        registration.cancel().get(WAIT, TimeUnit.SECONDS);
        expect("AXONIQ-4000", send("whisper", "x").getErrorCode());
    }

    static CompletableFuture<CommandResponse> upperCase(Command command) {
        String text = command.getPayload().getData().toStringUtf8().toUpperCase();
        return CompletableFuture.completedFuture(
                CommandResponse.newBuilder().setPayload(payload(text)).build());
    }

    static CommandResponse send(String name, String text) throws Exception {
        return caller.commandChannel().sendCommand(
                Command.newBuilder()
                        .setMessageIdentifier(UUID.randomUUID().toString())
                        .setName(name)
                        .setPayload(payload(text))
                        .build()).get(WAIT, TimeUnit.SECONDS);
    }

    // Queries

    static void query() throws Exception {
        handle(handler, "price", (request, replies) ->
                replies.sendLast(answer(request, "42")));
        ResultStream<QueryResponse> results = caller.queryChannel().query(request("price", 1));
        expect("42", next(results).getPayload().getData().toStringUtf8());
        ended(results);
    }

    static void queryWithoutHandler() throws Exception {
        ResultStream<QueryResponse> results = caller.queryChannel().query(request("unasked", 1));
        expect("AXONIQ-5000", next(results).getErrorCode());
        ended(results);
    }

    static void queryScattered() throws Exception {
        AxonServerConnection other = connection("depot", "default");
        handle(handler, "where", (request, replies) -> replies.sendLast(answer(request, "stock")));
        handle(other, "where", (request, replies) -> replies.sendLast(answer(request, "depot")));
        ResultStream<QueryResponse> results = caller.queryChannel().query(request("where", -1));
        List<String> found = new ArrayList<>();
        found.add(next(results).getPayload().getData().toStringUtf8());
        found.add(next(results).getPayload().getData().toStringUtf8());
        found.sort(null);
        expect(List.of("depot", "stock"), found);
        ended(results);
        other.disconnect();
    }

    static void queryWithManyResults() throws Exception {
        // In a thread of its own: the connector lets a handler wait for its buffer.
        handle(handler, "list", (request, replies) -> CompletableFuture.runAsync(() -> {
            for (int number = 0; number < 1000; number++) {
                replies.send(answer(request, Integer.toString(number)));
            }
            replies.complete();
        }));
        ResultStream<QueryResponse> results = caller.queryChannel().query(request("list", 1));
        for (int number = 0; number < 1000; number++) {
            expect(Integer.toString(number), next(results).getPayload().getData().toStringUtf8());
        }
        ended(results);
    }

    static void subscriptionQuery() throws Exception {
        BlockingQueue<QueryHandler.UpdateHandler> subscribers = new LinkedBlockingQueue<>();
        handler.queryChannel().registerQueryHandler(new QueryHandler() {
            @Override
            public void handle(QueryRequest request, ReplyChannel<QueryResponse> replies) {
                replies.sendLast(answer(request, "first"));
            }

            @Override
            public Registration registerSubscriptionQuery(
                    SubscriptionQuery query, UpdateHandler updates) {
                subscribers.add(updates);
                return () -> CompletableFuture.completedFuture(null);
            }
        }, new QueryDefinition("watch", String.class)).awaitAck(WAIT, TimeUnit.SECONDS);
        SubscriptionQueryResult result =
                caller.queryChannel().subscriptionQuery(request("watch", 1), 64, 16);
        expect("first", result.initialResult().get(WAIT, TimeUnit.SECONDS)
                .getPayload().getData().toStringUtf8());
        QueryHandler.UpdateHandler updates = subscribers.poll(WAIT, TimeUnit.SECONDS);
        for (int number = 0; number < 200; number++) {
            updates.sendUpdate(QueryUpdate.newBuilder()
                    .setMessageIdentifier(UUID.randomUUID().toString())
                    .setPayload(payload("update " + number)).build());
        }
        updates.complete();
        for (int number = 0; number < 200; number++) {
            expect("update " + number,
                    next(result.updates()).getPayload().getData().toStringUtf8());
        }
        until(() -> result.updates().isClosed());
    }

    static void handle(AxonServerConnection where, String name, QueryHandler what)
            throws Exception {
        where.queryChannel().registerQueryHandler(what, new QueryDefinition(name, String.class))
                .awaitAck(WAIT, TimeUnit.SECONDS);
    }

    static QueryRequest request(String name, int results) {
        return QueryRequest.newBuilder()
                .setMessageIdentifier(UUID.randomUUID().toString())
                .setQuery(name)
                .setPayload(payload(""))
                .addProcessingInstructions(ProcessingInstruction.newBuilder()
                        .setKey(ProcessingKey.NR_OF_RESULTS)
                        .setValue(MetaDataValue.newBuilder().setNumberValue(results)))
                .build();
    }

    static QueryResponse answer(QueryRequest request, String text) {
        return QueryResponse.newBuilder()
                .setRequestIdentifier(request.getMessageIdentifier())
                .setMessageIdentifier(UUID.randomUUID().toString())
                .setPayload(payload(text)).build();
    }

    // The control channel

    static void topology() throws Exception {
        BlockingQueue<String> changes = new LinkedBlockingQueue<>();
        caller.controlChannel().registerTopologyChangeHandler(
                change -> changes.add(change.getUpdateType() + " " + change.getCommand().getName()));
        Registration registration = handler.commandChannel().registerCommandHandler(
                ConnectorTour::upperCase, 100, "passing");
        registration.awaitAck(WAIT, TimeUnit.SECONDS);
        await(changes, "ADD_COMMAND_HANDLER passing");
        registration.cancel();
        await(changes, "REMOVE_COMMAND_HANDLER passing");
    }

    static void heartbeat() throws Exception {
        caller.controlChannel().enableHeartbeat(100, 2000, TimeUnit.MILLISECONDS);
        caller.controlChannel().sendInstruction(
                io.axoniq.axonserver.grpc.control.PlatformInboundInstruction.newBuilder()
                        .setInstructionId(UUID.randomUUID().toString())
                        .setHeartbeat(io.axoniq.axonserver.grpc.control.Heartbeat.newBuilder())
                        .build()).get(WAIT, TimeUnit.SECONDS);
        expect(true, caller.isConnected());
    }

    // Events

    static void appendAndRead() throws Exception {
        for (int number = 0; number < 5; number++) {
            caller.eventChannel().appendEvents(event("order-1", number))
                    .get(WAIT, TimeUnit.SECONDS);
        }
        List<Event> events = caller.eventChannel().openAggregateStream("order-1").asStream().toList();
        expect(5, events.size());
        expect(4L, caller.eventChannel().findHighestSequence("order-1").get(WAIT, TimeUnit.SECONDS));
        expect(-1L, caller.eventChannel().findHighestSequence("none").get(WAIT, TimeUnit.SECONDS));
    }

    static void sequenceConflict() throws Exception {
        try {
            caller.eventChannel().appendEvents(event("order-1", 2)).get(WAIT, TimeUnit.SECONDS);
        } catch (ExecutionException problem) {
            expect(true, problem.getCause().getMessage().contains("AXONIQ-2000"));
            return;
        }
        throw new AssertionError("a used sequence number was accepted");
    }

    static void eventStream() throws Exception {
        try (var stream = caller.eventChannel().openStream(-1, 64)) {
            long last = caller.eventChannel().getLastToken().get(WAIT, TimeUnit.SECONDS);
            for (long token = 0; token <= last; token++) {
                expect(token, next(stream).getToken());
            }
            caller.eventChannel().appendEvents(event("order-2", 0)).get(WAIT, TimeUnit.SECONDS);
            expect(last + 1, next(stream).getToken());
        }
        expect(-1L, caller.eventChannel().getFirstToken().get(WAIT, TimeUnit.SECONDS));
    }

    static void snapshots() throws Exception {
        caller.eventChannel().appendSnapshot(event("order-1", 4).toBuilder()
                .setSnapshot(true).build()).get(WAIT, TimeUnit.SECONDS);
        List<Event> found =
                caller.eventChannel().openAggregateStream("order-1", true).asStream().toList();
        expect(1, found.size());
        expect(true, found.get(0).getSnapshot());
        expect(1L, caller.eventChannel().loadSnapshot("order-1").asStream().count());
    }

    static void queryEvents() throws Exception {
        var rows = caller.eventChannel().queryEvents(
                "aggregateType = \"Order\" | groupby(aggregateIdentifier, count())", false);
        List<String> found = new ArrayList<>();
        until(() -> {
            for (var row = rows.nextIfAvailable(); row != null; row = rows.nextIfAvailable()) {
                found.add(row.getValueAsString("aggregateIdentifier"));
            }
            return rows.isClosed();
        });
        expect(true, found.containsAll(List.of("order-1", "order-2")));
        rows.close();
    }

    static void schedule() throws Exception {
        String kept = caller.eventChannel().scheduleEvent(Duration.ofMillis(50),
                event("later-1", 0)).get(WAIT, TimeUnit.SECONDS);
        String dropped = caller.eventChannel().scheduleEvent(Duration.ofHours(1),
                event("later-2", 0)).get(WAIT, TimeUnit.SECONDS);
        expect(true, caller.eventChannel().cancelSchedule(dropped)
                .get(WAIT, TimeUnit.SECONDS).getSuccess());
        String moved = caller.eventChannel().reschedule(
                caller.eventChannel().scheduleEvent(Duration.ofHours(1), event("later-3", 0))
                        .get(WAIT, TimeUnit.SECONDS),
                Duration.ofMillis(50), event("later-3", 0)).get(WAIT, TimeUnit.SECONDS);
        expect(false, kept.equals(moved));
        until(() -> highest("later-1") == 0 && highest("later-3") == 0);
        expect(-1L, highest("later-2"));
    }

    static long highest(String aggregate) throws Exception {
        return caller.eventChannel().findHighestSequence(aggregate).get(WAIT, TimeUnit.SECONDS);
    }

    static void persistentStream() throws Exception {
        BlockingQueue<Long> tokens = new LinkedBlockingQueue<>();
        PersistentStream stream = caller.eventChannel().openPersistentStream(
                "tour", 64, 16,
                new PersistentStreamCallbacks(
                        segment -> { },
                        segment -> segment.acknowledge(
                                PersistentStreamSegment.PENDING_WORK_DONE_MARKER),
                        segment -> drain(segment, tokens), problem -> { }),
                new PersistentStreamProperties("tour", 2, "SequentialPerAggregatePolicy",
                        List.of(), "0", null));
        long last = caller.eventChannel().getLastToken().get(WAIT, TimeUnit.SECONDS);
        List<Long> found = new ArrayList<>();
        while (found.size() <= last) {
            Long token = tokens.poll(WAIT, TimeUnit.SECONDS);
            if (token == null) {
                throw new AssertionError("only " + found.size() + " of " + (last + 1) + " came");
            }
            found.add(token);
        }
        expect(last + 1, found.stream().distinct().count());
        expect(1, caller.eventChannel().persistentStreams().get(WAIT, TimeUnit.SECONDS).size());
        stream.close();
        caller.eventChannel().deletePersistentStream("tour").get(WAIT, TimeUnit.SECONDS);
    }

    static void drain(PersistentStreamSegment segment, BlockingQueue<Long> tokens) {
        for (var event = segment.nextIfAvailable(); event != null;
                event = segment.nextIfAvailable()) {
            tokens.add(event.getEvent().getToken());
            segment.acknowledge(event.getEvent().getToken());
        }
    }

    // Event processors

    static void processors() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        handler.controlChannel().registerEventProcessor("projection",
                () -> EventProcessorInfo.newBuilder()
                        .setProcessorName("projection").setMode("Tracking")
                        .setTokenStoreIdentifier("store-1").setIsStreamingProcessor(true)
                        .setRunning(true).setActiveThreads(1).setAvailableThreads(3)
                        .addSegmentStatus(EventProcessorInfo.SegmentStatus.newBuilder()
                                .setSegmentId(0).setOnePartOf(2))
                        .addSegmentStatus(EventProcessorInfo.SegmentStatus.newBuilder()
                                .setSegmentId(1).setOnePartOf(2))
                        .build(),
                new ProcessorInstructionHandler() {
                    @Override
                    public CompletableFuture<Boolean> releaseSegment(int segment) {
                        return done("release " + segment);
                    }

                    @Override
                    public CompletableFuture<Boolean> splitSegment(int segment) {
                        return done("split");
                    }

                    @Override
                    public CompletableFuture<Boolean> mergeSegment(int segment) {
                        return done("merge");
                    }

                    @Override
                    public CompletableFuture<Void> pauseProcessor() {
                        return done("pause").thenApply(ignored -> null);
                    }

                    @Override
                    public CompletableFuture<Void> startProcessor() {
                        return done("start").thenApply(ignored -> null);
                    }

                    CompletableFuture<Boolean> done(String what) {
                        told.add(what);
                        return CompletableFuture.completedFuture(true);
                    }
                });
        var admin = caller.adminChannel();
        until(() -> {
            var found = admin.eventProcessors();
            return found.nextIfAvailable(1, TimeUnit.SECONDS) != null;
        });
        expect(Result.SUCCESS, admin.pauseEventProcessor("projection", "store-1").get(WAIT, TimeUnit.SECONDS));
        expect(Result.SUCCESS, admin.startEventProcessor("projection", "store-1").get(WAIT, TimeUnit.SECONDS));
        expect(Result.SUCCESS, admin.splitEventProcessor("projection", "store-1").get(WAIT, TimeUnit.SECONDS));
        expect(Result.SUCCESS, admin.mergeEventProcessor("projection", "store-1").get(WAIT, TimeUnit.SECONDS));
        for (String each : List.of("pause", "start", "split", "merge")) {
            await(told, each);
        }
        try {
            admin.pauseEventProcessor("nobody", "store-1").get(WAIT, TimeUnit.SECONDS);
        } catch (ExecutionException problem) {
            expect(true, problem.getCause().getMessage().contains("AXONIQ-2800"));
            return;
        }
        throw new AssertionError("an unknown processor was paused");
    }

    // Contexts and the event store by tags

    static void contexts() throws Exception {
        var admin = caller.adminChannel();
        admin.createContext(CreateContextRequest.newBuilder().setName("tour").build())
                .get(WAIT, TimeUnit.SECONDS);
        expect("tour", admin.getContextOverview("tour").get(WAIT, TimeUnit.SECONDS).getName());
        AxonServerConnection inside = connection("visitor", "tour");
        inside.eventChannel().appendEvents(event("a", 0)).get(WAIT, TimeUnit.SECONDS);
        inside.disconnect();
        admin.deleteContext(DeleteContextRequest.newBuilder().setName("tour").build())
                .get(WAIT, TimeUnit.SECONDS);
        until(() -> admin.getAllContexts().get(WAIT, TimeUnit.SECONDS).stream()
                .noneMatch(each -> each.getName().equals("tour")));
        admin.createContext(CreateContextRequest.newBuilder()
                .setName("tagged").setDcbContext(true).build()).get(WAIT, TimeUnit.SECONDS);
    }

    static void dcb() throws Exception {
        var channel = connection("tagger", "tagged").dcbEventChannel();
        expect(0L, channel.head().get(WAIT, TimeUnit.SECONDS).getSequence());
        long marker = channel.append(tagged("CourseCreated"), tagged("StudentSubscribed"))
                .get(WAIT, TimeUnit.SECONDS).getConsistencyMarker();
        expect(2L, marker);
        ConsistencyCondition condition = ConsistencyCondition.newBuilder()
                .setConsistencyMarker(marker).addCriterion(criterion()).build();
        channel.append(condition, tagged("StudentSubscribed")).get(WAIT, TimeUnit.SECONDS);
        try {
            channel.append(condition, tagged("StudentSubscribed")).get(WAIT, TimeUnit.SECONDS);
            throw new AssertionError("a condition that does not hold was accepted");
        } catch (ExecutionException problem) {
            expect(true, problem.getCause().getMessage()
                    .contains("Consistency condition is not met"));
        }
        var sourced = channel.source(
                SourceEventsRequest.newBuilder().addCriterion(criterion()).build());
        for (long position = 0; position < 3; position++) {
            expect(position, next(sourced).getEvent().getSequence());
        }
        SourceEventsResponse end = next(sourced);
        expect(3L, end.getConsistencyMarker());
        ended(sourced);
        var stream = channel.stream(
                StreamEventsRequest.newBuilder().setFromSequence(0).addCriterion(criterion()).build());
        channel.append(tagged("CourseClosed")).get(WAIT, TimeUnit.SECONDS);
        for (long position = 0; position < 4; position++) {
            expect(position, next(stream).getEvent().getSequence());
        }
        stream.close();
        channel.addTags(0, List.of(tag("more", "1"))).get(WAIT, TimeUnit.SECONDS);
        expect(2, channel.tagsFor(0).get(WAIT, TimeUnit.SECONDS).getTagCount());
        channel.removeTags(0, List.of(tag("more", "1"))).get(WAIT, TimeUnit.SECONDS);
        expect(1, channel.tagsFor(0).get(WAIT, TimeUnit.SECONDS).getTagCount());
        expect(0L, channel.tail().get(WAIT, TimeUnit.SECONDS).getSequence());
        expect(4L, channel.getSequenceAt(Instant.now().plusSeconds(3600))
                .get(WAIT, TimeUnit.SECONDS).getSequence());
        channel.scheduleEvent(Duration.ofMillis(20),
                tagged("CourseReopened").getEvent()).get(WAIT, TimeUnit.SECONDS);
        until(() -> channel.head().get(WAIT, TimeUnit.SECONDS).getSequence() == 5);
    }

    static void dcbSnapshots() throws Exception {
        var channel = connection("keeper", "tagged").snapshotChannel();
        ByteString key = ByteString.copyFromUtf8("course-1");
        for (long sequence = 1; sequence < 4; sequence++) {
            channel.addSnapshot(AddSnapshotRequest.newBuilder()
                    .setKey(key).setSequence(sequence)
                    .setSnapshot(io.axoniq.axonserver.grpc.event.dcb.Snapshot.newBuilder()
                            .setName("Course").setPayload(ByteString.copyFromUtf8("state")))
                    .build()).get(WAIT, TimeUnit.SECONDS);
        }
        expect(3L, channel.getLastSnapshot(
                GetLastSnapshotRequest.newBuilder().setKey(key).build())
                .get(WAIT, TimeUnit.SECONDS).getSequence());
    }

    static TaggedEvent tagged(String name) {
        return TaggedEvent.newBuilder()
                .setEvent(io.axoniq.axonserver.grpc.event.dcb.Event.newBuilder()
                        .setIdentifier(UUID.randomUUID().toString()).setName(name)
                        .setTimestamp(System.currentTimeMillis())
                        .setPayload(ByteString.copyFromUtf8("{}")))
                .addTag(tag("course", "1")).build();
    }

    static Tag tag(String key, String value) {
        return Tag.newBuilder().setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFromUtf8(value)).build();
    }

    static Criterion criterion() {
        return Criterion.newBuilder().setTagsAndNames(
                TagsAndNamesCriterion.newBuilder().addTag(tag("course", "1"))).build();
    }

    // Small things

    static Event event(String aggregate, long sequence) {
        return Event.newBuilder().setMessageIdentifier(UUID.randomUUID().toString())
                .setAggregateIdentifier(aggregate).setAggregateType("Order")
                .setAggregateSequenceNumber(sequence).setTimestamp(System.currentTimeMillis())
                .setPayload(payload("{}")).build();
    }

    static SerializedObject payload(String text) {
        return SerializedObject.newBuilder().setType("java.lang.String")
                .setData(ByteString.copyFromUtf8(text)).build();
    }

    static <T> T next(ResultStream<T> stream) throws Exception {
        T found = stream.nextIfAvailable(WAIT, TimeUnit.SECONDS);
        if (found == null) {
            throw new AssertionError("nothing came; error: " + stream.getError());
        }
        return found;
    }

    static void ended(ResultStream<?> stream) throws Exception {
        until(stream::isClosed);
        expect(null, stream.nextIfAvailable());
        expect(false, stream.getError().isPresent());
    }

    static void await(BlockingQueue<String> queue, String wanted) throws Exception {
        for (String each = queue.poll(WAIT, TimeUnit.SECONDS); each != null;
                each = queue.poll(WAIT, TimeUnit.SECONDS)) {
            if (each.equals(wanted)) {
                return;
            }
        }
        throw new AssertionError("never came: " + wanted);
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    static void until(Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT);
        while (!condition.holds()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("it did not come true in time");
            }
            Thread.sleep(10);
        }
    }

    static void expect(Object wanted, Object found) {
        if (wanted == null ? found != null : !wanted.equals(found)) {
            throw new AssertionError("expected " + wanted + ", found " + found);
        }
    }
}
