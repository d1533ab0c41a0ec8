import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.axonframework.axonserver.connector.AxonServerConfiguration;
import org.axonframework.commandhandling.CommandExecutionException;
import org.axonframework.commandhandling.CommandHandler;
import org.axonframework.config.AggregateConfigurer;
import org.axonframework.config.Configuration;
import org.axonframework.config.Configurer;
import org.axonframework.config.DefaultConfigurer;
import org.axonframework.eventhandling.EventHandler;
import org.axonframework.eventsourcing.EventCountSnapshotTriggerDefinition;
import org.axonframework.eventsourcing.EventSourcingHandler;
import org.axonframework.messaging.responsetypes.ResponseTypes;
import org.axonframework.modelling.command.AggregateIdentifier;
import org.axonframework.modelling.command.AggregateLifecycle;
import org.axonframework.modelling.command.TargetAggregateIdentifier;
import org.axonframework.queryhandling.QueryHandler;
import org.axonframework.queryhandling.QueryUpdateEmitter;
import org.axonframework.queryhandling.SubscriptionQueryResult;
import org.axonframework.serialization.json.JacksonSerializer;

/** A small event-sourced application on Axon Framework 4; prints one line for each step. */
class FrameworkTour {

    public record OpenAccount(@TargetAggregateIdentifier String id) { }

    public record Deposit(@TargetAggregateIdentifier String id, int amount) { }

    public record Withdraw(@TargetAggregateIdentifier String id, int amount) { }

    public record AccountOpened(String id) { }

    public record MoneyMoved(String id, int amount) { }

    public record FindBalance(String id) { }

    public static class Account {
        @AggregateIdentifier
        public String id;
        public int balance;

        public Account() { }

        @CommandHandler
        public Account(OpenAccount command) {
            AggregateLifecycle.apply(new AccountOpened(command.id()));
        }

        @CommandHandler
        public int deposit(Deposit command) {
            AggregateLifecycle.apply(new MoneyMoved(id, command.amount()));
            return balance;
        }

        @CommandHandler
        public int withdraw(Withdraw command) {
            if (command.amount() > balance) {
                throw new IllegalStateException("only " + balance + " left");
            }
            AggregateLifecycle.apply(new MoneyMoved(id, -command.amount()));
            return balance;
        }

        @EventSourcingHandler
        void on(AccountOpened event) {
            id = event.id();
        }

        @EventSourcingHandler
        void on(MoneyMoved event) {
            balance += event.amount();
        }
    }

    public static class Balances {
        final AtomicInteger balance = new AtomicInteger();
        final BlockingQueue<Object> seen = new LinkedBlockingQueue<>();

        @EventHandler
        void on(AccountOpened event) {
            seen.add(event);
        }

        @EventHandler
        void on(MoneyMoved event, QueryUpdateEmitter emitter) {
            int now = balance.addAndGet(event.amount());
            seen.add(event);
            emitter.emit(FindBalance.class, query -> query.id().equals(event.id()), now);
        }

        @QueryHandler
        int handle(FindBalance query) {
            return balance.get();
        }
    }

    interface Step {
        void run() throws Exception;
    }

    static Configuration application;
    static final Balances balances = new Balances();

    public static void main(String[] arguments) {
        step("start", () -> start(arguments[0] + ":" + arguments[1]));
        step("create_aggregate", () -> expect("account-1", send(new OpenAccount("account-1"))));
        step("command_with_result", () -> expect(100, send(new Deposit("account-1", 100))));
        step("command_refused", FrameworkTour::refused);
        step("many_commands", FrameworkTour::manyCommands);
        step("projection", FrameworkTour::projection);
        step("query", FrameworkTour::query);
        step("subscription_query", FrameworkTour::subscriptionQuery);
        step("reload_from_snapshot", FrameworkTour::reload);
        step("stop", () -> application.shutdown());
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

    static void start(String server) {
        JacksonSerializer serializer = JacksonSerializer.builder()
                .objectMapper(new ObjectMapper().findAndRegisterModules()).build();
        Configurer configurer = DefaultConfigurer.defaultConfiguration()
                .registerComponent(AxonServerConfiguration.class, all ->
                        AxonServerConfiguration.builder()
                                .servers(server).componentName("bank").build())
                .configureSerializer(all -> serializer)
                .configureEventSerializer(all -> serializer)
                .configureMessageSerializer(all -> serializer)
                .configureAggregate(AggregateConfigurer.defaultConfiguration(Account.class)
                        .configureSnapshotTrigger(all ->
                                new EventCountSnapshotTriggerDefinition(all.snapshotter(), 10)))
                .registerQueryHandler(all -> balances);
        configurer.eventProcessing(processing -> processing
                .usingPooledStreamingEventProcessors()
                .registerEventHandler(all -> balances));
        application = configurer.start();
    }

    static Object send(Object command) throws Exception {
        return application.commandGateway().send(command).get(20, TimeUnit.SECONDS);
    }

    static void refused() throws Exception {
        try {
            send(new Withdraw("account-1", 1000));
        } catch (java.util.concurrent.ExecutionException problem) {
            expect(true, problem.getCause() instanceof CommandExecutionException);
            expect(true, problem.getCause().getMessage().contains("only 100 left"));
            return;
        }
        throw new AssertionError("more was withdrawn than there was");
    }

    static void manyCommands() throws Exception {
        for (int number = 1; number <= 50; number++) {
            expect(100 + number, send(new Deposit("account-1", 1)));
        }
    }

    static void projection() throws Exception {
        List<Object> found = new ArrayList<>();
        while (found.size() < 52) {
            Object next = balances.seen.poll(20, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("only " + found.size() + " events came");
            }
            found.add(next);
        }
        expect(new AccountOpened("account-1"), found.get(0));
        expect(150, balances.balance.get());
    }

    static void query() throws Exception {
        expect(150, application.queryGateway()
                .query(new FindBalance("account-1"), ResponseTypes.instanceOf(Integer.class))
                .get(20, TimeUnit.SECONDS));
    }

    static void subscriptionQuery() throws Exception {
        try (SubscriptionQueryResult<Integer, Integer> result =
                application.queryGateway().subscriptionQuery(
                        new FindBalance("account-1"),
                        ResponseTypes.instanceOf(Integer.class),
                        ResponseTypes.instanceOf(Integer.class))) {
            BlockingQueue<Integer> updates = new LinkedBlockingQueue<>();
            result.updates().subscribe(updates::add);
            expect(150, result.initialResult().block());
            send(new Deposit("account-1", 7));
            expect(157, updates.poll(20, TimeUnit.SECONDS));
        }
    }

    static void reload() throws Exception {
        expect(157 - 7, send(new Withdraw("account-1", 7)));
        long snapshots = 0;
        for (int turn = 0; turn < 200 && snapshots == 0; turn++) {
            snapshots = application.eventStore().readEvents("account-1").asStream()
                    .filter(each -> each.getPayloadType().equals(Account.class)).count();
            Thread.sleep(50);
        }
        expect(1L, snapshots);
    }

    static void expect(Object wanted, Object found) {
        if (!wanted.equals(found)) {
            throw new AssertionError("expected " + wanted + ", found " + found);
        }
    }
}
